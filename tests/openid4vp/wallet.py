"""A wallet and its issuers, for tests: builds answers, right ones and wrong ones.

It shares no code with the verifier: own base64url, own SD-JWT, own JWE on the Concat
KDF of ``cryptography``. Keys and times are fixed and signatures deterministic (RFC
6979), so the same answer is the same bytes every time.

``Answer`` holds every layer as plain data; a test changes one thing and calls
``body``. What is not changed stays right: ``sd_hash`` and signatures are computed last.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
Text = Callable[[str], str]


def key(seed: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key that depends on nothing but its name."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    return ec.derive_private_key(number % (2**255), ec.SECP256R1())


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64_json(value: object) -> str:
    return b64(json.dumps(value, separators=(",", ":")).encode())


def sha256(text: str) -> str:
    return sha256_bytes(text.encode())


def sha256_bytes(raw: bytes) -> str:
    return b64(hashlib.sha256(raw).digest())


def es256(signer: ec.EllipticCurvePrivateKey, message: str) -> bytes:
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(signer.sign(message.encode(), algorithm))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def jws(header: object, payload: object, signer: ec.EllipticCurvePrivateKey) -> str:
    text = f"{b64_json(header)}.{b64_json(payload)}"
    return f"{text}.{b64(es256(signer, text))}"


def public_jwk(private: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    numbers = private.public_key().public_numbers()
    x, y = (b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def certificate(
    subject: str,
    *,
    issuer: str,
    signer: Any,
    ca: bool | None = False,
    usage: str | None = "digital_signature",
    public: Any = None,
    start: datetime = NOW - DAY,
    end: datetime = NOW + DAY,
    path_length: int | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> x509.Certificate:
    """A certificate for ``public``, by default the key named like the subject."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public or key(subject).public_key())
        .serial_number(int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8]))
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), True)
    if usage is not None:
        builder = builder.add_extension(_usage(usage), True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    deterministic = isinstance(signer, ec.EllipticCurvePrivateKey) or None
    return builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=deterministic)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(name: str) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment "
        "key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{usage: usage == name for usage in names.split()})


def authority(
    subject: str, *, issuer: str | None = None, **other: Any
) -> x509.Certificate:
    """A CA certificate, self-signed unless an issuer is named."""
    return certificate(
        subject,
        issuer=issuer or subject,
        signer=key(issuer or subject),
        ca=other.pop("ca", True),
        usage=other.pop("usage", "key_cert_sign"),
        **other,
    )


def leaf(subject: str, *, issuer: str, **other: Any) -> x509.Certificate:
    return certificate(subject, issuer=issuer, signer=key(issuer), **other)


def x5c(*chain: x509.Certificate) -> list[str]:
    return [base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in chain]


PID_ROOT = authority("TEST PID root", start=NOW - 100 * DAY, end=NOW + 100 * DAY)
PID_CA = authority("TEST PID CA", issuer="TEST PID root")
PID_LEAF = leaf("TEST PID provider", issuer="TEST PID CA")
PASS_LEAF = leaf("TEST pass issuer", issuer="TEST issuing CA")
ACCESS_LEAF = leaf("TEST access", issuer="TEST access CA")


def disclosure(*parts: object) -> str:
    """A salt derived from the rest, then name and value, or a value alone."""
    salt = sha256(json.dumps(parts))[:22]
    return b64_json([salt, *parts])


@dataclass
class Presentation:
    """One SD-JWT VC with its holder proof. ``edit_*`` see the text just before use."""

    header: dict[str, Any]
    payload: dict[str, Any]
    disclosures: list[str]
    kb_payload: dict[str, Any]
    issuer_key: ec.EllipticCurvePrivateKey
    holder_key: ec.EllipticCurvePrivateKey
    kb_header: dict[str, Any] = field(
        default_factory=lambda: {"alg": "ES256", "typ": "kb+jwt"}
    )
    edit_issuer_jwt: Text = str
    edit_kb_jwt: Text = str
    edit_disclosed: Text = str  # after sd_hash was computed
    edit_text: Text = str
    fixed_text: str | None = None

    def text(self) -> str:
        if self.fixed_text is not None:
            return self.fixed_text
        issued = self.edit_issuer_jwt(jws(self.header, self.payload, self.issuer_key))
        disclosed = "".join(f"{part}~" for part in [issued, *self.disclosures])
        proof = {"sd_hash": sha256(disclosed), **self.kb_payload}
        kb_jwt = self.edit_kb_jwt(jws(self.kb_header, proof, self.holder_key))
        return self.edit_text(self.edit_disclosed(disclosed) + kb_jwt)

    def hide(self, *parts: object) -> str:
        """Issue one more disclosable top-level claim and disclose it."""
        text = disclosure(*parts)
        self.payload["_sd"].append(sha256(text))
        self.disclosures.append(text)
        return text


def pid(transaction: Any) -> Presentation:
    """A PID: every claim disclosable, four disclosed, two levels, a decoy."""
    house = disclosure("street_address", "Strandvägen 1")
    place = disclosure("place_of_birth", {"locality": "Umeå", "_sd": [sha256(house)]})
    first = disclosure("SE")
    nations = disclosure(
        "nationalities", [{"...": sha256(first)}, {"...": sha256("?")}]
    )
    disclosed = [
        disclosure("family_name", "Lindqvist"),
        disclosure("given_name", "Åsa"),
        disclosure("issuing_country", "SE"),
        disclosure("personal_administrative_number", "199001019802"),
    ]
    hidden = [disclosure("birthdate", "1990-01-01"), place, nations, "decoy"]
    payload = {
        "iss": "https://pid.example.se",
        "vct": "urn:eudi:pid:1",
        "iat": _seconds(NOW - DAY),
        "nbf": _seconds(NOW - DAY),
        "exp": _seconds(NOW + DAY),
        "cnf": {"jwk": public_jwk(key("holder of PID"))},
        "_sd_alg": "sha-256",
        "_sd": sorted(map(sha256, disclosed + hidden)),
    }
    return Presentation(
        header=_header(PID_LEAF, PID_CA),
        payload=payload,
        disclosures=disclosed,
        kb_payload=_proof(transaction),
        issuer_key=key("TEST PID provider"),
        holder_key=key("holder of PID"),
    )


def signing_pass(transaction: Any) -> Presentation:
    """Our pass: nothing disclosable; approves the transaction data if there is any."""
    payload = {
        "iss": "https://sign.example.eu",
        "vct": "https://sign.example.eu/signing-pass/1",
        "iat": _seconds(NOW - DAY),
        "exp": _seconds(NOW + 30 * DAY),
        "cnf": {"jwk": public_jwk(key("holder of pass"))},
        "pass_id": "p-4711",
        "purpose_of_use": "signature creation authorization",
    }
    proof = _proof(transaction)
    if transaction.transaction_data:
        proof["transaction_data_hashes"] = [
            sha256(text) for text in transaction.transaction_data
        ]
        proof["transaction_data_hashes_alg"] = "sha-256"
    return Presentation(
        header=_header(PASS_LEAF),
        payload=payload,
        disclosures=[],
        kb_payload=proof,
        issuer_key=key("TEST pass issuer"),
        holder_key=key("holder of pass"),
    )


def _header(*chain: x509.Certificate) -> dict[str, Any]:
    return {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": x5c(*chain)}


def _proof(transaction: Any) -> dict[str, Any]:
    return {
        "iat": _seconds(NOW),
        "aud": transaction.client_id,
        "nonce": transaction.nonce,
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@dataclass
class Answer:
    """The whole answer to one transaction, layer by layer."""

    transaction: Any
    vp_token: dict[str, Any]
    payload: dict[str, Any] = field(default_factory=dict)
    jwe_header: dict[str, Any] = field(default_factory=dict)
    epk: ec.EllipticCurvePrivateKey = field(default_factory=lambda: key("epk"))
    encrypted_key: str = ""
    edit_plaintext: Callable[[bytes], bytes] = bytes
    edit_jwe: Text = str
    edit_body: Callable[[bytes], bytes] = bytes
    form: dict[str, str] | None = None

    @property
    def pid(self) -> Presentation:
        presentation: Presentation = self.vp_token["pid"]
        return presentation

    @property
    def signing_pass(self) -> Presentation:
        presentation: Presentation = self.vp_token["signing_pass"]
        return presentation

    def body(self) -> bytes:
        form = {"response": self.jwe()} if self.form is None else self.form
        return self.edit_body(urlencode(form).encode())

    def plaintext(self) -> bytes:
        vp_token = {
            name: [value.text()] if isinstance(value, Presentation) else value
            for name, value in self.vp_token.items()
        }
        answer = {"vp_token": vp_token, "state": self.transaction.state, **self.payload}
        answer = {name: value for name, value in answer.items() if value is not ...}
        return self.edit_plaintext(json.dumps(answer).encode())

    def jwe(self) -> str:
        recipient = json.loads(self.transaction.response_key)
        header = {
            "alg": "ECDH-ES",
            "enc": "A128GCM",
            "kid": recipient["kid"],
            "epk": public_jwk(self.epk),
            "apu": b64(b"wallet"),
            "apv": b64(self.transaction.nonce.encode()),
            **self.jwe_header,
        }
        header = {name: value for name, value in header.items() if value is not ...}
        return self.edit_jwe(self._encrypt(header, recipient))

    def _encrypt(self, header: dict[str, Any], recipient: dict[str, str]) -> str:
        content_key = _content_key(header, self.epk, recipient)
        protected, iv = b64_json(header), hashlib.sha256(b"iv").digest()[:12]
        sealed = AESGCM(content_key).encrypt(iv, self.plaintext(), protected.encode())
        parts = (b64(iv), b64(sealed[:-16]), b64(sealed[-16:]))
        return ".".join([protected, self.encrypted_key, *parts])


def _content_key(
    header: dict[str, Any],
    private: ec.EllipticCurvePrivateKey,
    recipient: dict[str, str],
) -> bytes:
    x, y = (int.from_bytes(_unb64(recipient[name]), "big") for name in "xy")
    point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    bits = 128 if "128" in str(header.get("enc")) else 256
    parts = (
        str(header.get("enc")).encode(),
        _unb64(header.get("apu", "")),
        _unb64(header.get("apv", "")),
    )
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    kdf = ConcatKDFHash(hashes.SHA256(), bits // 8, info + bits.to_bytes(4, "big"))
    return kdf.derive(private.exchange(ec.ECDH(), point))


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def answer(transaction: Any) -> Answer:
    """The right answer to a query for ``pid`` and ``signing_pass``."""
    return Answer(
        transaction=transaction,
        vp_token={"pid": pid(transaction), "signing_pass": signing_pass(transaction)},
    )
