"""Those who signed the file before: their names, and whether their work is intact.

Nothing of an earlier signature is verified but two things: the bytes it covers are
still those that were signed, and what was added since is only what may be added to a
signed file (pyHanko's difference policy with the signature's own DocMDP and FieldMDP).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import NonexistentAttributeError, find_unique_cms_attribute
from pyhanko.sign.validation import EmbeddedPdfSignature

from app.ades.errors import Refusal, UnsignableDocumentError
from app.ades.faults import PARSER_FAULTS
from app.ades.pdf_objects import value
from app.ades.reports import EarlierSignature

MAX_SIGNATURES: Final = 100
MAX_NAME: Final = 200


def predecessors(
    reader: PdfFileReader, *, our_field: str | None = None
) -> list[EmbeddedPdfSignature]:
    """Every filled signature field but ours, document timestamps too."""
    found: list[EmbeddedPdfSignature] = []
    for name, _value, field in enumerate_sig_fields(reader, filled_status=True):
        if name == our_field:
            continue
        found.append(EmbeddedPdfSignature(reader, field, name))
        if len(found) > MAX_SIGNATURES:
            raise UnsignableDocumentError(Refusal.TOO_COMPLEX)
    return found


def refuse_changed(signatures: list[EmbeddedPdfSignature]) -> None:
    """Raises ``UnsignableDocumentError`` if anything was changed after signing."""
    for signature in signatures:
        intact = _is_still_allowed(signature) and _covers_what_was_signed(signature)
        if not intact:
            raise UnsignableDocumentError(Refusal.CHANGED_AFTER_SIGNING)


def refuse_forbidding(signatures: list[EmbeddedPdfSignature]) -> None:
    """Raises ``UnsignableDocumentError`` if one does not allow what we appended."""
    if not all(_is_still_allowed(signature) for signature in signatures):
        raise UnsignableDocumentError(Refusal.FORBIDS_SIGNING)


def earlier_signatures(
    signatures: list[EmbeddedPdfSignature],
) -> Iterator[EarlierSignature]:
    """In the order of their revisions, without document timestamps."""
    for signature in sorted(signatures, key=lambda one: one.signed_revision):
        if signature.sig_object_type != "/DocTimeStamp":
            yield EarlierSignature(
                signer_name=_name(signature), signed_at=_time(signature)
            )


def _is_still_allowed(signature: EmbeddedPdfSignature) -> bool:
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    return bool(signature.summarise_integrity_info()["docmdp_ok"])


def _covers_what_was_signed(signature: EmbeddedPdfSignature) -> bool:
    content = signature.signed_data["encap_content_info"]
    if content["content_type"].native == "tst_info":
        imprint = content["content"].parsed["message_imprint"]
        return bool(imprint["hashed_message"].native == signature.compute_digest())
    try:
        signed = find_unique_cms_attribute(
            signature.signer_info["signed_attrs"], "message_digest"
        )
    except NonexistentAttributeError:
        return True  # an old form; there is no digest to compare
    return bool(signed.native == signature.compute_digest())


def _name(signature: EmbeddedPdfSignature) -> str:
    try:
        name = _common_name(signature.signer_cert)
    except PARSER_FAULTS:
        name = str(value(signature.sig_object, "/Name") or "")
    return "".join(c for c in name if c.isprintable())[:MAX_NAME]


def _common_name(certificate: x509.Certificate) -> str:
    subject = certificate.subject.native
    return str(subject.get("common_name") or certificate.subject.human_friendly)


def _time(signature: EmbeddedPdfSignature) -> datetime | None:
    """A time without zone could be any of 26 hours: no time (ISO 32000-2 §7.9.4)."""
    try:
        claimed = signature.self_reported_timestamp
    except PARSER_FAULTS:
        return None
    if claimed is None or claimed.tzinfo is None:
        return None
    return claimed
