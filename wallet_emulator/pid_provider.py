"""A test PID provider: a CA, a document signer below it, and PIDs in both encodings.

    setup         makes CA and signer once; every later call changes nothing
    issue         signs an SD-JWT VC PID for a wallet's key, for less than 24 hours
    issue_mdoc    the same person as ISO mdoc, for another key, under the same CA
    new_status    what a PID says of its revocation, where lists are published

The PIDs follow the PID Rulebook (ch. 2 to 4): type ``urn:eudi:pid:1`` or document type
and namespace ``eu.europa.ec.eudi.pid.1``, everything about the person separately
disclosable; they may do without a status because they live less than 24 hours.
Whoever puts ``pid-ca.pem`` into a trust store trusts people who do not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from wallet_emulator import sd_jwt
from wallet_emulator.certificates import (
    issue_signer,
    load_certificates,
    self_signed_ca,
    x5c,
)
from wallet_emulator.keys import load_key, new_key, public_jwk, save_key, thumbprint
from wallet_emulator.list_tokens import ListSigner
from wallet_emulator.mdoc import cose, issuing
from wallet_emulator.mdoc.cbor import full_date
from wallet_emulator.mdoc.credential import Mdoc
from wallet_emulator.persons import Person
from wallet_emulator.status_lists import StatusLists

PID_VCT: Final = "urn:eudi:pid:1"
PID_DOCTYPE: Final = "eu.europa.ec.eudi.pid.1"
PID_NAMESPACE: Final = "eu.europa.ec.eudi.pid.1"
CREDENTIAL_TYP: Final = "dc+sd-jwt"
ISSUER: Final = "https://pid-provider.test.example"
ISSUING_AUTHORITY: Final = "TEST PID authority"
CA_FILE: Final = "pid-ca.pem"
PID_LIFE: Final = timedelta(hours=23)
PID_BACKDATED: Final = timedelta(minutes=5)

_CA_KEY_FILE: Final = "pid-ca-key.pem"
_SIGNER_FILE: Final = "pid-signer.pem"
_SIGNER_KEY_FILE: Final = "pid-signer-key.pem"
_LISTS_FOLDER: Final = "pid-lists"
_CA_LIFE: Final = timedelta(days=3650)
_SIGNER_LIFE: Final = timedelta(days=730)
_CARD_LIFE: Final = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class PidProvider:
    """A CA, and the signer that issues PIDs under it.

    ``ca_key`` stays in the safe; only deviations take it out, to certify what they
    should not. ``lists`` is None where nothing is published about its PIDs.
    """

    ca: x509.Certificate
    ca_key: ec.EllipticCurvePrivateKey = field(repr=False)
    signer: x509.Certificate
    signer_key: ec.EllipticCurvePrivateKey = field(repr=False)
    lists: StatusLists | None = None

    @classmethod
    def create(cls, now: datetime) -> "PidProvider":
        """A provider that lives in memory only, unknown to everyone."""
        return _make(new_key(), new_key(), now)

    @classmethod
    def setup(
        cls, directory: Path, now: datetime, *, lists_url: str | None = None
    ) -> "PidProvider":
        """Make the provider's files unless they exist, and open it.

        ``lists_url``: where its lists are published from now on; None changes nothing.
        """
        if not (directory / _SIGNER_FILE).exists():
            _write(directory, now)
        if lists_url is not None:
            StatusLists.setup(directory / _LISTS_FOLDER, lists_url)
        return cls.open(directory)

    @classmethod
    def open(cls, directory: Path) -> "PidProvider":
        """Raises ``NotSetUpError`` if ``setup`` never ran in ``directory``."""
        return cls(
            ca=load_certificates(directory / CA_FILE)[0],
            ca_key=load_key(directory / _CA_KEY_FILE),
            signer=load_certificates(directory / _SIGNER_FILE)[0],
            signer_key=load_key(directory / _SIGNER_KEY_FILE),
            lists=StatusLists.open(directory / _LISTS_FOLDER),
        )

    @property
    def list_signer(self) -> ListSigner:
        """The signer of PIDs signs their lists too."""
        return ListSigner(chain=(self.signer,), key=self.signer_key)

    def new_status(self, *, by_name: bool = False) -> dict[str, object] | None:
        """For one PID: a place in the status list, or a name; None without lists."""
        if self.lists is None:
            return None
        return self.lists.new_name() if by_name else self.lists.new_place()

    def issue(
        self,
        claims: Mapping[str, object],
        holder: Mapping[str, object],
        now: datetime,
        *,
        vct: str = PID_VCT,
        valid_from: datetime | None = None,
        status: Mapping[str, object] | None = None,
    ) -> sd_jwt.SdJwt:
        """A PID over ``claims`` for the holder's public JWK.

        ``status`` as in Token Status List §6.2. ``vct`` and ``valid_from`` (default: a
        little before ``now``) exist for deviations that need a genuine signature under
        wrong content.
        """
        start = valid_from or now - PID_BACKDATED
        plain = {
            "iss": ISSUER,
            "vct": vct,
            "iat": int(start.timestamp()),
            "nbf": int(start.timestamp()),
            "exp": int((start + PID_LIFE).timestamp()),
            "cnf": {"jwk": dict(holder)},
            **({"status": dict(status)} if status else {}),
        }
        return sd_jwt.issue(
            header={"alg": "ES256", "typ": CREDENTIAL_TYP, "x5c": x5c([self.signer])},
            plain=plain,
            concealed=claims,
            key=self.signer_key,
        )

    def issue_mdoc(
        self,
        elements: Mapping[str, object],
        holder: ec.EllipticCurvePublicKey,
        now: datetime,
        *,
        status: Mapping[str, object] | None = None,
    ) -> Mdoc:
        """A PID over ``elements`` for the device's key; ``status`` as in TSL §6.3."""
        draft = self.draft_mdoc(elements, holder, now)
        if status is not None:
            draft.mso["status"] = dict(status)
        return draft.sign()

    def draft_mdoc(
        self,
        elements: Mapping[str, object],
        holder: ec.EllipticCurvePublicKey,
        now: datetime,
        *,
        valid_from: datetime | None = None,
    ) -> issuing.IssuerDraft:
        """As ``issue_mdoc``, before the signature: deviations change it."""
        start = valid_from or now - PID_BACKDATED
        return issuing.draft(
            doc_type=PID_DOCTYPE,
            elements={PID_NAMESPACE: elements},
            device_key=cose.cose_key(holder),
            validity=(start, start + PID_LIFE),
            x5chain=cose.x5chain(self.signer),
            key=self.signer_key,
        )


def pid_claims(person: Person, now: datetime) -> dict[str, object]:
    """What the PID says: the person, and who stands behind it until when."""
    return {
        **person.claims(),
        "issuing_authority": ISSUING_AUTHORITY,
        "date_of_issuance": now.date().isoformat(),
        "date_of_expiry": (now + _CARD_LIFE).date().isoformat(),
    }


def pid_elements(person: Person, now: datetime) -> dict[str, object]:
    """The same under the names and types of the mdoc encoding."""
    return {
        **person.elements(),
        "issuing_authority": ISSUING_AUTHORITY,
        "issuance_date": full_date(now.date()),
        "expiry_date": full_date((now + _CARD_LIFE).date()),
    }


def holder_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The holder's key as most providers write it: with ``kid``, ``alg``, ``use``."""
    jwk = public_jwk(key)
    return {**jwk, "kid": thumbprint(jwk), "alg": "ES256", "use": "sig"}


def _write(directory: Path, now: datetime) -> None:
    """Keys and CA first, the signer's certificate last: it marks a finished set-up."""
    directory.mkdir(parents=True, exist_ok=True)
    ca_key, signer_key = new_key(), new_key()
    provider = _make(ca_key, signer_key, now)
    save_key(directory / _CA_KEY_FILE, ca_key)
    save_key(directory / _SIGNER_KEY_FILE, signer_key)
    (directory / CA_FILE).write_bytes(provider.ca.public_bytes(Encoding.PEM))
    (directory / _SIGNER_FILE).write_bytes(provider.signer.public_bytes(Encoding.PEM))


def _make(
    ca_key: ec.EllipticCurvePrivateKey,
    signer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> PidProvider:
    start = now.astimezone(UTC)
    ca = self_signed_ca(_name("TEST PID provider CA"), ca_key, start, _CA_LIFE)
    signer = issue_signer(
        _name("TEST PID document signer"),
        signer_key.public_key(),
        issuer=ca,
        issuer_key=ca_key,
        uri=ISSUER,
        now=start,
        life=_SIGNER_LIFE,
    )
    return PidProvider(ca=ca, ca_key=ca_key, signer=signer, signer_key=signer_key)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ISSUING_AUTHORITY),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
