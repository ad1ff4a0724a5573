"""What a register says of us, to be shown to wallets: ``verifier_info`` (§5.11).

One folder holds, per purpose, ``identify.jwt`` and ``sign.jwt``: the registration
certificates (ETSI TS 119 475, ``rc-wrp+jwt``), one per intended use; and, for wallets
that want it, ``identify.json`` and ``sign.json``: the registrar's dataset as it is to
be sent. Nothing is believed for their sake: wallets judge them. They are checked so
that an operator hears of a wrong one at the start, and not from a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography import x509

from openid4vp import base64url, jws, members, strict_json, x5c
from openid4vp.dcql import MSO_MDOC, CredentialQuery, DcqlQuery
from openid4vp.errors import MalformedResponseError, Openid4vpError
from openid4vp.profile import Profile
from sam.messages import Purpose

TYP: Final = "rc-wrp+jwt"
MAX_FILE_BYTES: Final = 16 * 1024
PURPOSES: Final = (Purpose.IDENTIFY, Purpose.SIGN)


class UnusableRegistrationError(Exception):
    """A file of the folder cannot be used; the message says which, and why."""

    code = "unusable_registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationCertificate:
    """Compact JWS; ``expires_at`` is None where the register states no end."""

    text: str
    expires_at: datetime | None
    credentials: Sequence[object]

    def usable(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at

    def not_registered(self, query: DcqlQuery) -> tuple[str, ...]:
        """What ``query`` asks for and the certificate does not list, in words."""
        return tuple(
            f"{credential.id}: {'.'.join(map(str, path))}"
            for credential in query.credentials
            for path in _asked(credential)
            if path not in list(self._listed(credential))
        )

    def _listed(self, asked: CredentialQuery) -> Iterator[list[object]]:
        for entry in self.credentials:
            if not isinstance(entry, dict) or not _covers(entry, asked):
                continue
            for claim in entry.get("claim") or entry.get("claims") or ():
                if isinstance(claim, dict) and isinstance(claim.get("path"), list):
                    yield claim["path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What there is for one purpose."""

    certificate: RegistrationCertificate | None = None
    dataset: Mapping[str, object] | None = None


NOT_REGISTERED: Final[Mapping[Purpose, Registration]] = MappingProxyType({})


def load(
    folder: Path, access_certificate: x509.Certificate, now: datetime
) -> Mapping[Purpose, Registration]:
    """Purpose → registration. Raises ``UnusableRegistrationError``."""
    return {
        purpose: Registration(
            certificate=_certificate(
                folder / f"{purpose}.jwt", access_certificate, now
            ),
            dataset=_dataset(folder / f"{purpose}.json"),
        )
        for purpose in PURPOSES
    }


def verifier_info(
    registered: Registration | None, profile: Profile, now: datetime
) -> tuple[Mapping[str, object], ...]:
    """By value, at most one entry of each kind; never a certificate that has ended."""
    if registered is None:
        return ()
    entries: list[Mapping[str, object]] = []
    held, way = registered.certificate, profile.registration_certificate
    if held is not None and way != "none" and held.usable(now):
        wrapped = base64url.encode(held.text.encode("ascii"))
        data = held.text if way == "compact" else wrapped
        entries.append({"format": "registration_cert", "data": data})
    if registered.dataset is not None and profile.registrar_dataset:
        entries.append({"format": "registrar_dataset", "data": registered.dataset})
    return tuple(entries)


def _certificate(
    file: Path, access_certificate: x509.Certificate, now: datetime
) -> RegistrationCertificate | None:
    content = _content(file)
    if content is None:
        return None
    try:
        text = content.decode("ascii").strip()
        held = _parsed(text)
        expires = members.numeric_date(held.payload, "exp")
    except (UnicodeDecodeError, Openid4vpError) as error:
        raise UnusableRegistrationError(f"{file}: {error}") from error
    certificate = RegistrationCertificate(
        text=text,
        expires_at=None if expires is None else datetime.fromtimestamp(expires, UTC),
        credentials=_array(held.payload.get("credentials")),
    )
    if not certificate.usable(now):
        raise UnusableRegistrationError(f"{file}: expired at {certificate.expires_at}")
    _check_subject(file, held.payload.get("sub"), access_certificate)
    return certificate


def _parsed(text: str) -> jws.UnverifiedJws:
    """Its own signature holds; what ``crit`` names is the wallets' to judge."""
    if len(text.split(".")) != 3:  # noqa: PLR2004
        raise MalformedResponseError("this is no compact JWS")
    header, payload, signature = text.split(".")
    parsed = jws.UnverifiedJws(
        header=strict_json.parse_object(base64url.decode(header, "header"), "header"),
        payload=strict_json.parse_object(
            base64url.decode(payload, "payload"), "payload"
        ),
        signing_input=f"{header}.{payload}",
        signature=base64url.decode(signature, "signature"),
    )
    if parsed.header.get("typ") != TYP or parsed.header.get("alg") != jws.ALG:
        raise MalformedResponseError(f"this is no {TYP}, signed by {jws.ALG}")
    jws.verify_signature(parsed, x5c.leaf_key(x5c.chain(parsed.header)[0]))
    return parsed


def _check_subject(file: Path, sub: object, access: x509.Certificate) -> None:
    """GEN-5.1.1-02: it is about whom the access certificate names."""
    named = access.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_IDENTIFIER)
    if isinstance(sub, str) and named and sub != named[0].value:
        raise UnusableRegistrationError(
            f"{file}: sub is {sub}, the access certificate is {named[0].value!s}'s"
        )


def _dataset(file: Path) -> Mapping[str, object] | None:
    content = _content(file)
    if content is None:
        return None
    try:
        return strict_json.parse_object(content, "dataset")
    except Openid4vpError as error:
        raise UnusableRegistrationError(f"{file}: {error}") from error


def _content(file: Path) -> bytes | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableRegistrationError(f"{file}: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise UnusableRegistrationError(f"{file}: above {MAX_FILE_BYTES} bytes")
    return content


def _asked(credential: CredentialQuery) -> Iterator[list[object]]:
    for claim in credential.claims:
        yield list(claim.path)


def _covers(entry: Mapping[str, Any], asked: CredentialQuery) -> bool:
    meta = entry.get("meta")
    if entry.get("format") != asked.format or not isinstance(meta, dict):
        return False
    if asked.format == MSO_MDOC:
        return bool(meta.get("doctype_value") == asked.doctype_value)
    return set(asked.vct_values) <= set(map(str, _array(meta.get("vct_values"))))


def _array(value: object) -> list[object]:
    return value if isinstance(value, list) else []
