"""The PKIData of a full CMC request (RFC 5272 §3.2.1): one act, and nothing beside it.

    enrolment    transactionId, senderNonce and one PKCS#10 request, which proves
                 possession of its key
    withdrawal   transactionId, senderNonce and one revokeRequest (§6.11); no request

Any other set of controls and requests is refused, never obeyed in part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import core
from cryptography import x509

from app.trust_services import cmc_structures as structures
from app.trust_services import csr
from app.trust_services.der import decode
from app.trust_services.errors import MalformedRequestError
from app.trust_services.keys import KeyKind
from app.trust_services.ledger import Transaction
from app.trust_services.revocation import RevocationOrder

MAX_BODY_PART_ID: Final = 4294967295
MAX_TRANSACTION_BITS: Final = 160
MAX_SERIAL_BITS: Final = 160
SENDER_NONCE_LENGTHS: Final = range(16, 65)
_ALWAYS: Final = frozenset(
    {structures.ID_CMC_TRANSACTION_ID, structures.ID_CMC_SENDER_NONCE}
)
_REASONS: Final = {
    1: x509.ReasonFlags.key_compromise,
    3: x509.ReasonFlags.affiliation_changed,
    4: x509.ReasonFlags.superseded,
    5: x509.ReasonFlags.cessation_of_operation,
    9: x509.ReasonFlags.privilege_withdrawn,
}
"""RFC 5280 §5.3.1, as far as a registration authority may say it: no hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A registration authority asks for a certificate."""

    transaction: Transaction
    sender_nonce: bytes
    request: csr.CertificationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A registration authority asks to revoke; ``body_part`` names the control."""

    transaction: Transaction
    sender_nonce: bytes
    body_part: int
    order: RevocationOrder


def parse(
    content: bytes, requester: str, kinds: frozenset[KeyKind]
) -> Enrolment | Withdrawal:
    """``content`` is what ``requester`` signed. Raises a 400 or 403 of ``errors``."""
    data = decode(structures.PKIData, content)
    if len(data["cmsSequence"]) or len(data["otherMsgSequence"]):
        raise MalformedRequestError("cmsSequence and otherMsgSequence must be empty")
    controls = data["controlSequence"]
    requests = [tagged.chosen for tagged in data["reqSequence"]]
    _check_body_parts([*requests, *controls])
    values = _control_values(controls)
    match len(requests), values.keys() - _ALWAYS:
        case 1, kinds_beside if not kinds_beside:
            return _enrolment(requests[0], values, requester, kinds)
        case 0, kinds_beside if kinds_beside == {structures.ID_CMC_REVOKE_REQUEST}:
            return _withdrawal(controls, values, requester)
    raise MalformedRequestError("exactly one request is expected, or one revocation")


def _enrolment(
    tagged: Any,
    values: Mapping[str, bytes],
    requester: str,
    kinds: frozenset[KeyKind],
) -> Enrolment:
    return Enrolment(
        transaction=_transaction(values, requester),
        sender_nonce=_sender_nonce(values),
        request=csr.parse(tagged["certificationRequest"].dump(), kinds),
    )


def _withdrawal(
    controls: Any, values: Mapping[str, bytes], requester: str
) -> Withdrawal:
    kind = structures.ID_CMC_REVOKE_REQUEST
    asked = decode(structures.RevokeRequest, values[kind])
    if len(asked) != len(structures.RevokeRequest._fields):  # asn1crypto lets more pass
        raise MalformedRequestError(
            "only issuer, serial number and reason are expected"
        )
    serial, reason = asked["serialNumber"].native, asked["reason"]
    if not 0 < serial < 1 << MAX_SERIAL_BITS:
        raise MalformedRequestError("the serial number is out of range")
    number = int.from_bytes(reason.contents, signed=True)
    if number not in _REASONS:
        raise MalformedRequestError("not a reason that a registration authority has")
    (part,) = [one for one in controls if one["attrType"].dotted == kind]
    return Withdrawal(
        transaction=_transaction(values, requester),
        sender_nonce=_sender_nonce(values),
        body_part=part["bodyPartID"].native,
        order=RevocationOrder(
            requester=requester,
            issuer=asked["issuerName"].dump(),
            serial=serial,
            reason=_REASONS[number],
        ),
    )


def _check_body_parts(parts: list[Any]) -> None:
    """RFC 5272 §3.2.1: identifiers are unique, 0 stands for the whole PKIData."""
    identifiers = [part["bodyPartID"].native for part in parts]
    if len(set(identifiers)) != len(identifiers):
        raise MalformedRequestError("a bodyPartID is repeated")
    if not all(1 <= one <= MAX_BODY_PART_ID for one in identifiers):
        raise MalformedRequestError("a bodyPartID is out of range")


def _control_values(controls: Any) -> dict[str, bytes]:
    """Return the DER of the one value of each control; no kind comes twice."""
    if any(len(control["attrValues"]) != 1 for control in controls):
        raise MalformedRequestError("a control does not have exactly one value")
    kinds = [control["attrType"].dotted for control in controls]
    if len(set(kinds)) != len(kinds):
        raise MalformedRequestError("a control is repeated")
    values = [control["attrValues"][0].dump() for control in controls]
    return dict(zip(kinds, values, strict=True))


def _transaction(values: Mapping[str, bytes], requester: str) -> Transaction:
    value = _required(values, structures.ID_CMC_TRANSACTION_ID)
    number = int(decode(core.Integer, value).native)
    if not 0 < number < 1 << MAX_TRANSACTION_BITS:
        raise MalformedRequestError("the transactionId is out of range")
    return Transaction(requester=requester, identifier=number)


def _sender_nonce(values: Mapping[str, bytes]) -> bytes:
    value = _required(values, structures.ID_CMC_SENDER_NONCE)
    nonce = bytes(decode(core.OctetString, value).native)
    if len(nonce) not in SENDER_NONCE_LENGTHS:
        raise MalformedRequestError("the senderNonce is not 16 to 64 octets")
    return nonce


def _required(values: Mapping[str, bytes], kind: str) -> bytes:
    if kind not in values:
        raise MalformedRequestError("transactionId and senderNonce are expected")
    return values[kind]
