"""What a detached CMS signature of one signer says of itself (RFC 5652 §5).

Parsed from a stranger's bytes, so every fault of the parser is one error of ours.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from asn1crypto import cms, x509

_FAULTS: Final = (
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
MAX_SIZE: Final = 256 * 1024
_SET_TAG: Final = b"\x31"


class UnreadableSignatureError(Exception):
    """Not a CMS SignedData of one signer whose certificate is in it."""

    code: ClassVar[str] = "unreadable_signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsSignature:
    """``attributes``: DER SET OF, the bytes that are signed; all else as found.

    ``certificates`` (DER) are all that are in it, the signer's ``certificate`` too.
    """

    certificate: bytes
    certificates: frozenset[bytes]
    attributes: bytes
    message_digest: bytes
    signature: bytes


def read(padded: bytes) -> CmsSignature:
    """``padded``: the value of /Contents, with zeros behind the CMS."""
    if len(padded) > MAX_SIZE:
        raise UnreadableSignatureError("the signature is too large")
    try:
        return _read(padded)
    except _FAULTS as fault:
        raise UnreadableSignatureError(type(fault).__name__) from None


def _read(padded: bytes) -> CmsSignature:
    info = cms.ContentInfo.load(padded)
    if padded[len(info.dump()) :].strip(b"\0"):
        raise ValueError("something follows the CMS")
    signed = info["content"]
    (signer,) = signed["signer_infos"]
    attributes: bytes = signer["signed_attrs"].dump()
    values = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    (digest,) = values["message_digest"].native
    (certificate,) = [
        one.chosen
        for one in signed["certificates"]
        if _is_of(one.chosen, signer["sid"].chosen)
    ]
    return CmsSignature(
        certificate=certificate.dump(),
        certificates=frozenset(one.chosen.dump() for one in signed["certificates"]),
        # [0] IMPLICIT in the file, SET OF where it is signed (RFC 5652 §5.4)
        attributes=_SET_TAG + attributes[1:],
        message_digest=digest,
        signature=signer["signature"].native,
    )


def _is_of(one: x509.Certificate, named: cms.IssuerAndSerialNumber) -> bool:
    serial = one["tbs_certificate"]["serial_number"].native
    return bool(
        serial == named["serial_number"].native and one.issuer == named["issuer"]
    )
