"""What wallets prove with DPoP and attestations, and what the CA answers."""

import base64
import json
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    pkcs7,
)

from app.oauth import dpop
from openid4vp.errors import Openid4vpError
from sam import certificates, cmc, key_attestation
from sam.certificates import UnfitCertificateError
from sam.errors import SamError
from tests.fuzz import door
from tests.fuzz.messages import json_bytes, text
from tests.fuzz.oracle import Target
from tests.openid4vp import wallet
from tests.openid4vp.wallet import DAY, NOW, SECOND
from tests.sam.attested import Draft
from tests.sam.scripted_ca import Recipe, common_name, new_root

TOKEN_URL = "https://sign.example.eu/oauth2/token"
HOLDER = wallet.key("TEST holder")
HEADER = {"alg": "ES256", "typ": "dpop+jwt", "jwk": wallet.public_jwk(HOLDER)}
CLAIMS = {"htm": "POST", "htu": TOKEN_URL, "iat": int(NOW.timestamp()), "jti": "j-1"}
REFUSED_PROOF = (dpop.ProofRefusedError,)
CA = new_root("TEST root", NOW)
LEAF = Recipe(
    subject=common_name("TEST Erika Mustermann"),
    public_key=HOLDER.public_key(),
    not_before=NOW - SECOND,
    not_after=NOW + DAY,
)


def _dpop(data: bytes) -> object:
    return dpop.check_proof(text(data), method="POST", url=TOKEN_URL, now=NOW)


def _dpop_signed(data: bytes) -> object:
    signed = f"{wallet.b64_json(HEADER)}.{wallet.b64(data)}"
    return _dpop(f"{signed}.{wallet.b64(wallet.es256(HOLDER, signed))}".encode())


def _dpop_proof() -> bytes:
    return wallet.jws(HEADER, CLAIMS, HOLDER).encode()


@cache
def _draft() -> Draft:
    return Draft(door.world(), door.wallet_provider(), HOLDER)


def _attestation(data: bytes) -> object:
    world = door.world()
    return key_attestation.verify(world.sam, text(data), world.clock())


def _attestation_signed(data: bytes) -> object:
    draft = _draft()
    right = draft.attestation().split(".")[0]
    signed = f"{right}.{wallet.b64(data)}"
    return _attestation(
        f"{signed}.{wallet.b64(wallet.es256(draft.signer, signed))}".encode()
    )


def _answer_of_the_ca(data: bytes) -> object:
    """Taken if it holds for the key and the subject that were asked for."""
    found = cmc._certificates(base64.b64encode(data))
    leaf, _ = _chain()
    key = leaf.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    chain = certificates.chain_of(found, key)
    certificates.check(
        chain,
        subject=leaf.subject.public_bytes(),
        public_key=key,
        anchor=CA.certificate.public_bytes(Encoding.DER),
        now=NOW,
    )
    return [each.hex() for each in chain[:1]]


@cache
def _chain() -> tuple[x509.Certificate, x509.Certificate]:
    issuing = CA.sub_ca("TEST issuing CA", LEAF)
    return issuing.issue(LEAF), issuing.certificate


TARGETS = (
    Target("dpop", _dpop, lambda: (_dpop_proof(),), REFUSED_PROOF),
    Target(
        "dpop signed",
        _dpop_signed,
        lambda: (json_bytes(CLAIMS),),
        (dpop.ProofRefusedError,),
    ),
    Target(
        "key attestation",
        _attestation,
        lambda: (_draft().attestation().encode(),),
        (Openid4vpError, SamError),
        sealed=True,
    ),
    Target(
        "key attestation signed",
        _attestation_signed,
        lambda: (json.dumps(_draft().claims).encode(),),
        (Openid4vpError, SamError),
    ),
    Target(
        "answer of the CA",
        _answer_of_the_ca,
        lambda: (pkcs7.serialize_certificates(list(_chain()), Encoding.DER),),
        (UnfitCertificateError, SamError),
        sealed=True,
    ),
)
