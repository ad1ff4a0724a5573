"""The structures of RFC 5272 (CMC) that a full CMC request uses.

Appendix A of RFC 5272; the module has IMPLICIT TAGS. Of ``TaggedRequest`` only ``tcr``
(a PKCS#10 request) exists here: ``crm`` and ``orm`` do not decode.
"""

from typing import Any, ClassVar

# asn1crypto has no type information, so its classes are ``Any`` to mypy.
from asn1crypto import core, csr

ID_CCT_PKI_DATA = "1.3.6.1.5.5.7.12.2"
ID_CMC_TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
ID_CMC_SENDER_NONCE = "1.3.6.1.5.5.7.7.6"
ID_KP_CMC_RA = "1.3.6.1.5.5.7.3.28"  # RFC 6402 §2.10


class BodyPartID(core.Integer):  # type: ignore[misc]
    """INTEGER (0..4294967295); 0 means the PKIData itself."""


class AttributeValues(core.SetOf):  # type: ignore[misc]
    _child_spec = core.Any


class TaggedAttribute(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("bodyPartID", BodyPartID),
        ("attrType", core.ObjectIdentifier),
        ("attrValues", AttributeValues),
    ]


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
