"""The PID against the PID Rulebook's table, checked with PyJWT."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.x509 import ExtensionOID

from tests.wallet_emulator.relying_party import (
    NOW,
    from_b64url,
    sha256_b64url,
)
from wallet_emulator.errors import NotSetUpError
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_claims
from wallet_emulator.sd_jwt import SdJwt

MANDATORY = {
    "family_name",
    "given_name",
    "birthdate",
    "place_of_birth",
    "nationalities",
    "issuing_country",
    "issuing_authority",
}
NEVER_SELECTIVE = {"iss", "nbf", "exp", "cnf", "vct", "status"}


def issue(provider: PidProvider, person: str = "erika") -> SdJwt:
    holder = holder_jwk(new_key().public_key())
    return provider.issue(pid_claims(PERSONS[person], NOW), holder, NOW)


def payload(provider: PidProvider, pid: SdJwt) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    key = provider.signer.public_key()
    claims: dict[str, Any] = jwt.decode(pid.issuer_jwt, key, ["ES256"], options=options)
    return claims


def disclosed_names(pid: SdJwt) -> set[str]:
    contents = [json.loads(from_b64url(text)) for text in pid.disclosures]
    return {content[1] for content in contents if len(content) == 3}


@pytest.mark.parametrize("person", sorted(PERSONS))
def test_every_mandatory_pid_claim_is_there(provider: PidProvider, person: str) -> None:
    assert set(issue(provider, person).reveal()) >= MANDATORY


def test_the_type_and_header_are_those_of_a_pid(provider: PidProvider) -> None:
    pid = issue(provider)

    assert payload(provider, pid)["vct"] == "urn:eudi:pid:1"
    assert jwt.get_unverified_header(pid.issuer_jwt)["typ"] == "dc+sd-jwt"


def test_no_claim_about_the_person_is_openly_in_the_credential(
    provider: PidProvider,
) -> None:
    assert set(payload(provider, issue(provider))) == {
        *("iss", "vct", "iat", "nbf", "exp", "cnf", "_sd", "_sd_alg")
    }


def test_every_claim_has_a_disclosure_of_its_own(provider: PidProvider) -> None:
    pid = issue(provider)

    assert disclosed_names(pid) >= set(pid_claims(PERSONS["erika"], NOW))


def test_no_registered_claim_is_selectively_disclosable(provider: PidProvider) -> None:
    assert not disclosed_names(issue(provider)) & NEVER_SELECTIVE


def test_a_pid_without_status_lives_less_than_24_hours(provider: PidProvider) -> None:
    claims = payload(provider, issue(provider))

    assert "status" not in claims
    assert 0 < claims["exp"] - claims["nbf"] <= timedelta(hours=24).total_seconds()


def test_a_pid_is_valid_now(provider: PidProvider) -> None:
    claims = payload(provider, issue(provider))

    assert claims["nbf"] < NOW.timestamp() < claims["exp"]


def test_cnf_is_the_wallets_key(provider: PidProvider) -> None:
    key = new_key()
    holder = holder_jwk(key.public_key())

    pid = provider.issue(pid_claims(PERSONS["erika"], NOW), holder, NOW)

    jwk = payload(provider, pid)["cnf"]["jwk"]
    assert {name: jwk[name] for name in ("kty", "crv", "x", "y")} == public_jwk(
        key.public_key()
    )


def test_x5c_is_the_signer_without_its_root(provider: PidProvider) -> None:
    header = jwt.get_unverified_header(issue(provider).issuer_jwt)

    assert len(header["x5c"]) == 1
    assert provider.signer != provider.ca


def test_the_signer_is_issued_by_the_ca(provider: PidProvider) -> None:
    provider.signer.verify_directly_issued_by(provider.ca)


def test_the_signers_key_may_sign_and_nothing_else(provider: PidProvider) -> None:
    usage = provider.signer.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE)

    assert usage.critical
    assert isinstance(usage.value, x509.KeyUsage)
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign


def test_some_pids_carry_decoy_digests(provider: PidProvider) -> None:
    """RFC 9901 §4.2.5; their number is random, so one PID may have none."""
    counts = {len(payload(provider, issue(provider))["_sd"]) for _ in range(40)}

    assert len(counts) > 1


def test_nested_claims_can_be_disclosed_alone(provider: PidProvider) -> None:
    pid = issue(provider)

    chosen = SdJwt(
        issuer_jwt=pid.issuer_jwt,
        disclosures=pid.select([("place_of_birth", "country")]),
    )

    assert chosen.reveal()["place_of_birth"] == {"country": "DE"}


def test_each_disclosure_is_referenced_by_its_digest(provider: PidProvider) -> None:
    pid = issue(provider)

    referenced = set(payload(provider, pid)["_sd"])
    digests = {sha256_b64url(text) for text in pid.disclosures}
    assert len(referenced & digests) == len(pid_claims(PERSONS["erika"], NOW))


@pytest.mark.parametrize(
    ("person", "identifiers"),
    [
        ("erika", {"personal_administrative_number", "document_number"}),
        ("jean", {"document_number"}),
        ("nemo", set()),
    ],
)
def test_persons_differ_in_their_unique_identifiers(
    provider: PidProvider, person: str, identifiers: set[str]
) -> None:
    unique = {"personal_administrative_number", "document_number"}

    assert unique & set(issue(provider, person).reveal()) == identifiers


def test_setting_up_twice_changes_nothing(tmp_path: Path) -> None:
    first = PidProvider.setup(tmp_path, NOW)

    second = PidProvider.setup(tmp_path, NOW + timedelta(days=1))

    assert (first.ca, first.signer) == (second.ca, second.signer)


def test_private_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    PidProvider.setup(tmp_path, NOW)

    modes = {path.stat().st_mode & 0o777 for path in tmp_path.glob("*-key.pem")}
    assert modes == {0o600}


def test_a_provider_that_was_never_set_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotSetUpError):
        PidProvider.open(tmp_path)
