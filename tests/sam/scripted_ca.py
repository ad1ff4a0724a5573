"""A CA that does what a test says: honest to the letter, but for one thing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from sam.errors import SamUnavailableError

CONTENT_COMMITMENT = frozenset({"content_commitment"})
CERT_SIGN = frozenset({"key_cert_sign"})
QC_STATEMENTS = x509.UnrecognizedExtension(
    ObjectIdentifier("1.3.6.1.5.5.7.1.3"), bytes.fromhex("300a300806060400 8e460101")
)
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What goes into one certificate."""

    subject: x509.Name
    public_key: ec.EllipticCurvePublicKey
    not_before: datetime
    not_after: datetime
    usage: frozenset[str] | None = CONTENT_COMMITMENT
    is_ca: bool = False
    path_length: int | None = None
    extensions: tuple[x509.ExtensionType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def issue(self, recipe: Recipe) -> x509.Certificate:
        return _certificate(recipe, self.certificate.subject, self.key)

    def sub_ca(self, name: str, recipe: Recipe, **changed: object) -> "Issuer":
        """A CA below this one, valid as long as ``recipe``."""
        key = ec.generate_private_key(ec.SECP256R1())
        values: dict[str, object] = {
            "subject": common_name(name),
            "public_key": key.public_key(),
            "usage": CERT_SIGN,
            "is_ca": True,
        }
        ca = replace(recipe, **(values | changed))  # type: ignore[arg-type]
        return Issuer(certificate=self.issue(ca), key=key)


def new_root(name: str, now: datetime, *, path_length: int | None = None) -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    recipe = Recipe(
        subject=common_name(name),
        public_key=key.public_key(),
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=1000),
        usage=CERT_SIGN,
        is_ca=True,
        path_length=path_length,
    )
    return Issuer(certificate=_certificate(recipe, recipe.subject, key), key=key)


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def with_doubled_extension(issuer: Issuer, certificate: x509.Certificate) -> bytes:
    """The last extension twice, under a signature that is right."""
    parsed = asn1_x509.Certificate.load(der(certificate))
    tbs = parsed["tbs_certificate"]
    listed = list(tbs["extensions"])
    tbs["extensions"] = asn1_x509.Extensions([*listed, listed[-1].copy()])
    parsed["signature_value"] = issuer.key.sign(
        tbs.dump(force=True), ec.ECDSA(hashes.SHA256())
    )
    dumped: bytes = parsed.dump(force=True)
    return dumped


Script = Callable[[Recipe, Issuer], tuple[bytes, ...]]


class CertifiesOnly:
    """A CA that neither revokes nor says what it revoked."""

    __slots__ = ()

    def revoke(self, certificate: bytes, reason: x509.ReasonFlags) -> None:
        raise SamUnavailableError("revokes nothing")

    def status(self, question: bytes) -> bytes:
        raise SamUnavailableError("says nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedCa(CertifiesOnly):
    """``CertificateIssuer`` whose answer is ``script`` over the honest recipe."""

    issuer: Issuer
    clock: Callable[[], datetime]
    script: Script

    def certify(
        self, csr: bytes, transaction_id: int, *, lasting: bool = False
    ) -> tuple[bytes, ...]:
        request = x509.load_der_x509_csr(csr)
        key = request.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        honest = Recipe(
            subject=request.subject,
            public_key=key,
            not_before=self.clock() - timedelta(minutes=1),
            not_after=self.clock() + timedelta(hours=1),
        )
        return self.script(honest, self.issuer)


def honest(recipe: Recipe, issuer: Issuer) -> tuple[bytes, ...]:
    return der(issuer.issue(recipe)), der(issuer.certificate)


def altered(**changed: object) -> Script:
    """One member of the recipe is another."""

    def script(recipe: Recipe, issuer: Issuer) -> tuple[bytes, ...]:
        return honest(replace(recipe, **changed), issuer)  # type: ignore[arg-type]

    return script


def _certificate(
    recipe: Recipe, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(recipe.subject)
        .issuer_name(issuer)
        .public_key(recipe.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(recipe.not_before)
        .not_valid_after(recipe.not_after)
        .add_extension(
            x509.BasicConstraints(recipe.is_ca, recipe.path_length), critical=True
        )
    )
    if recipe.usage is not None:
        usage = {name: name in recipe.usage for name in _USAGES}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    for extension in recipe.extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())
