"""What a parser written in Python raises at hostile bytes, and what becomes of it."""

import contextlib
from collections.abc import Iterator
from typing import Final

from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.errors import SignatureValidationError

from app.ades.errors import Refusal, UnsignableDocumentError

PARSER_FAULTS: Final = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


@contextlib.contextmanager
def refusing_faults() -> Iterator[None]:
    """Turn what the parser raises into one of two refusals."""
    try:
        yield
    except (PdfDecodeLimitError, RecursionError, MemoryError):
        raise UnsignableDocumentError(Refusal.TOO_COMPLEX) from None
    except PARSER_FAULTS:
        raise UnsignableDocumentError(Refusal.MALFORMED) from None
