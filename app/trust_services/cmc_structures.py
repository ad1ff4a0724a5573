"""The structures of RFC 5272 (CMC) that a full CMC request uses.

Appendix A of RFC 5272; the module has IMPLICIT TAGS. Of ``TaggedRequest`` only ``tcr``
(a PKCS#10 request) exists here: ``crm`` and ``orm`` do not decode.
"""

from typing import Any, ClassVar

# asn1crypto has no type information, so its classes are ``Any`` to mypy.
from asn1crypto import core, csr, x509

ID_CCT_PKI_DATA = "1.3.6.1.5.5.7.12.2"
ID_CCT_PKI_RESPONSE = "1.3.6.1.5.5.7.12.3"
ID_CMC_TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
ID_CMC_SENDER_NONCE = "1.3.6.1.5.5.7.7.6"
ID_CMC_RECIPIENT_NONCE = "1.3.6.1.5.5.7.7.7"
ID_CMC_REVOKE_REQUEST = "1.3.6.1.5.5.7.7.17"
ID_CMC_STATUS_INFO_V2 = "1.3.6.1.5.5.7.7.25"
ID_KP_CMC_RA = "1.3.6.1.5.5.7.3.28"  # RFC 6402 §2.10


class BodyPartID(core.Integer):  # type: ignore[misc]
    """INTEGER (0..4294967295); 0 means the PKIData itself."""


class AttributeValues(core.SetOf):  # type: ignore[misc]
    _child_spec = core.Any


class CRLReason(core.Enumerated):  # type: ignore[misc]
    _map: ClassVar[dict[int, str]] = {number: str(number) for number in range(11)}


class RevokeRequest(core.Sequence):  # type: ignore[misc]
    """§6.11 without its OPTIONAL members: what carries one is refused."""

    _fields: ClassVar[list[Any]] = [
        ("issuerName", x509.Name),
        ("serialNumber", core.Integer),
        ("reason", CRLReason),
    ]


class RevokeRequests(core.SetOf):  # type: ignore[misc]
    _child_spec = RevokeRequest


class TaggedAttribute(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("bodyPartID", BodyPartID),
        ("attrType", core.ObjectIdentifier),
        ("attrValues", None),
    ]

    def _values(self) -> Any:
        """``Any`` cannot read every value; a revokeRequest it could not."""
        named = self["attrType"].dotted
        return RevokeRequests if named == ID_CMC_REVOKE_REQUEST else AttributeValues

    _spec_callbacks: ClassVar[dict[str, Any]] = {"attrValues": _values}


class TaggedAttributes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = TaggedAttribute


class TaggedCertificationRequest(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("bodyPartID", BodyPartID),
        ("certificationRequest", csr.CertificationRequest),
    ]


class TaggedRequest(core.Choice):  # type: ignore[misc]
    _alternatives: ClassVar[list[Any]] = [
        ("tcr", TaggedCertificationRequest, {"implicit": 0})
    ]


class TaggedRequests(core.SequenceOf):  # type: ignore[misc]
    _child_spec = TaggedRequest


class Opaque(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.Any


class PKIData(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("controlSequence", TaggedAttributes),
        ("reqSequence", TaggedRequests),
        ("cmsSequence", Opaque),
        ("otherMsgSequence", Opaque),
    ]
