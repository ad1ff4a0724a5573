"""A Full PKI Response (RFC 5272 §3.2.2): done, to whom asked without a certificate.

SignedData over id-cct-PKIResponse with CMCStatusInfoV2 ``success`` for the request's
body part, its transactionId and its senderNonce as recipientNonce, signed by the CA.
Requests that fail get an HTTP status and a line of text, as in ``door``.
"""

import hashlib
from typing import Any, ClassVar, Final

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from app.trust_services import cmc_structures as structures
from app.trust_services.certificates import Issuer

SUCCESS: Final = 0


class _BodyParts(core.SequenceOf):  # type: ignore[misc]
    _child_spec = structures.BodyPartID


class _StatusInfo(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("cMCStatus", core.Integer),
        ("bodyList", _BodyParts),
    ]


class _PKIResponse(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar[list[Any]] = [
        ("controlSequence", structures.TaggedAttributes),
        ("cmsSequence", structures.Opaque),
        ("otherMsgSequence", structures.Opaque),
    ]


def success(
    issuer: Issuer, *, body_part: int, transaction: int, sender_nonce: bytes
) -> bytes:
    """Return the DER ContentInfo."""
    done = _StatusInfo({"cMCStatus": SUCCESS, "bodyList": [body_part]})
    values = {
        structures.ID_CMC_STATUS_INFO_V2: done,
        structures.ID_CMC_TRANSACTION_ID: core.Integer(transaction),
        structures.ID_CMC_RECIPIENT_NONCE: core.OctetString(sender_nonce),
    }
    controls = [
        {"bodyPartID": part, "attrType": kind, "attrValues": [core.Any(value)]}
        for part, (kind, value) in enumerate(values.items(), start=1)
    ]
    response = _PKIResponse(
        {"controlSequence": controls, "cmsSequence": [], "otherMsgSequence": []}
    )
    return _signed(response.dump(), issuer)


def _signed(content: bytes, issuer: Issuer) -> bytes:
    certificate = asn1_x509.Certificate.load(
        issuer.certificate.public_bytes(Encoding.DER)
    )
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [structures.ID_CCT_PKI_RESPONSE]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
        ]
    )
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber(
                {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            ),
        ),
        "digest_algorithm": sha256,
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": issuer.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    signed = cms.SignedData(
        {
            "version": "v3",  # RFC 5652 §5.1: the content is not id-data
            "digest_algorithms": [sha256],
            "encap_content_info": {
                "content_type": structures.ID_CCT_PKI_RESPONSE,
                "content": core.ParsableOctetString(content),
            },
            "certificates": [cms.CertificateChoices("certificate", certificate)],
            "signer_infos": [signer],
        }
    )
    wrapped = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    return bytes(wrapped.dump())
