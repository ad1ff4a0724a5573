"""Our registration: shown to wallets as it is, and checked before anybody sees it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from openid4vp.profile import PRODUCTION, Profile
from sam import registration
from sam.approvals import identification_query
from sam.messages import Purpose
from sam.pid import pid_queries
from sam.registration import Registration, UnusableRegistrationError, verifier_info
from sam.start import StartError
from tests.openid4vp import wallet as signing
from tests.sam import kinds
from tests.sam.world import NOW, World

ACCESS = signing.ACCESS_LEAF


def loaded(
    folder: Path, text: str | bytes, access: x509.Certificate = ACCESS
) -> Registration:
    content = text.encode() if isinstance(text, str) else text
    (folder / "sign.jwt").write_bytes(content)
    return registration.load(folder, access, NOW)[Purpose.SIGN]


def test_a_registration_certificate_is_held_with_its_end(tmp_path: Path) -> None:
    held = loaded(tmp_path, kinds.registration() + "\n").certificate

    assert held is not None
    assert held.text.count(".") == 2
    assert held.expires_at == NOW + timedelta(days=90)


def test_without_files_there_is_nothing_to_show(tmp_path: Path) -> None:
    found = registration.load(tmp_path / "absent", ACCESS, NOW)

    assert found == dict.fromkeys((Purpose.IDENTIFY, Purpose.SIGN), Registration())


def seconds(**delta: int) -> int:
    return int((NOW + timedelta(**delta)).timestamp())


def signed(header: dict[str, Any], payload: dict[str, Any]) -> str:
    whole = {"alg": "ES256", "typ": "rc-wrp+jwt", "x5c": signing.x5c(kinds.REGISTRAR)}
    members = {k: v for k, v in {**whole, **header}.items() if v is not None}
    return signing.jws(members, payload, signing.key("TEST registrar"))


UNUSABLE = [
    pytest.param("", "compact JWS", id="empty"),
    pytest.param("a.b", "compact JWS", id="two-parts"),
    pytest.param(b"\xff", "codec", id="no-text"),
    pytest.param("x" * 16385, "above", id="too-long"),
    pytest.param(signed({"typ": "JWT"}, {}), "rc-wrp", id="another-type"),
    pytest.param(signed({"alg": "none"}, {}), "ES256", id="unsigned"),
    pytest.param(signed({"alg": "RS256"}, {}), "ES256", id="rsa"),
    pytest.param(signed({"x5c": None}, {}), "x5c", id="no-chain"),
    pytest.param(
        signed({"x5c": signing.x5c(ACCESS)}, {}), "does not verify", id="another-key"
    ),
    pytest.param(
        kinds.registration(exp=seconds(seconds=0)), "expired", id="over-this-second"
    ),
    pytest.param(kinds.registration(exp="soon"), "NumericDate", id="no-date"),
]


@pytest.mark.parametrize(("text", "sentence"), UNUSABLE)
def test_a_certificate_that_is_none_is_named(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(UnusableRegistrationError, match=rf"sign\.jwt.*{sentence}"):
        loaded(tmp_path, text)


def test_it_stops_the_start(world: World) -> None:
    folder = world.sam.config.registration_folder
    folder.mkdir()
    (folder / "identify.jwt").write_text("x")

    with pytest.raises(StartError, match=r"identify\.jwt"):
        world.restart()


@pytest.mark.parametrize(
    "sub",
    [
        pytest.param("VATDE-1", id="the-same"),
        pytest.param(None, id="not-stated"),
        pytest.param({"legal_name": "x"}, id="as-an-object"),
    ],
)
def test_a_certificate_about_us_is_held(tmp_path: Path, sub: object) -> None:
    text = kinds.registration(sub=sub)

    assert loaded(tmp_path, text, organisation("VATDE-1")).certificate is not None


def test_a_certificate_about_somebody_else_is_named(tmp_path: Path) -> None:
    """GEN-5.1.1-02: sub is the access certificate's organizationIdentifier."""
    text = kinds.registration(sub="VATDE-2")

    with pytest.raises(UnusableRegistrationError, match="VATDE-2"):
        loaded(tmp_path, text, organisation("VATDE-1"))


def organisation(identifier: str) -> x509.Certificate:
    named = x509.NameAttribute(x509.NameOID.ORGANIZATION_IDENTIFIER, identifier)
    key = signing.key("TEST access")
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([named]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, SHA256())
    )


# --- what is shown ------------------------------------------------------------------


@pytest.fixture
def registered(tmp_path: Path) -> Registration:
    (tmp_path / "sign.json").write_text(json.dumps(kinds.DATASET))
    return loaded(tmp_path, kinds.registration())


def shown(registered: Registration | None, **switches: Any) -> list[Any]:
    return list(verifier_info(registered, Profile(**switches), NOW))


def test_one_certificate_by_value(registered: Registration) -> None:
    """RPRC_19: exactly one, in every request."""
    assert registered.certificate is not None
    assert shown(registered) == [
        {"format": "registration_cert", "data": registered.certificate.text}
    ]


def test_wrapped_where_a_wallet_wants_it_wrapped(registered: Registration) -> None:
    (entry,) = shown(registered, registration_certificate="base64url")

    assert kinds.decoded(entry["data"]) == shown(registered)[0]["data"]


def test_a_dataset_only_where_it_is_wanted(registered: Registration) -> None:
    _, dataset = shown(registered, registrar_dataset=True)

    assert dataset == {"format": "registrar_dataset", "data": kinds.DATASET}
    assert len(shown(registered)) == 1


def test_nothing_where_none_is_wanted(registered: Registration) -> None:
    assert shown(registered, registration_certificate="none") == []
    assert shown(None) == []


def test_a_certificate_that_ended_meanwhile_is_not_shown(
    registered: Registration,
) -> None:
    assert verifier_info(registered, PRODUCTION, NOW + timedelta(days=90)) == ()


@pytest.mark.parametrize("text", ["[]", "{", '{"a":1,"a":2}'])
def test_a_dataset_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "sign.json").write_text(text)

    with pytest.raises(UnusableRegistrationError, match=r"sign\.json"):
        registration.load(tmp_path, ACCESS, NOW)


# --- over-asking --------------------------------------------------------------------


def test_what_is_asked_beyond_the_registration_is_named(tmp_path: Path) -> None:
    with kinds.world_of_kinds(tmp_path) as world:
        identify, sign = world.client.info().registration

    assert identify.not_registered == ()
    assert sign.not_registered == ("signing_pass: pass_id",)
    assert sign.expires_at == NOW + timedelta(days=90)


LISTED: list[dict[str, Any]] = [
    {
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:eudi:pid:1"]},
        "claim": [{"path": [claim]} for claim in kinds.PID_CLAIMS],
    }
]


@pytest.mark.parametrize(
    ("credentials", "missing"),
    [
        pytest.param(LISTED, 0, id="all"),
        pytest.param([], 5, id="nothing"),
        pytest.param({}, 5, id="no-array"),
        pytest.param([LISTED[0] | {"format": "mso_mdoc"}], 5, id="another-encoding"),
        pytest.param([LISTED[0] | {"meta": {"vct_values": ["x"]}}], 5, id="type"),
        pytest.param([LISTED[0] | {"meta": None}], 5, id="no-meta"),
        pytest.param([LISTED[0] | {"claim": []}], 5, id="no-claim"),
        pytest.param([LISTED[0] | {"claim": ["x", {"path": 1}]}], 5, id="odd-claims"),
        pytest.param(
            [LISTED[0] | {"claim": [{"path": ["family_name"]}]}], 4, id="one-claim"
        ),
        pytest.param(["x", *LISTED], 0, id="an-odd-entry"),
    ],
)
def test_every_claim_has_to_be_listed(
    tmp_path: Path, credentials: object, missing: int
) -> None:
    held = loaded(tmp_path, kinds.registration(credentials=credentials)).certificate
    assert held is not None
    pids = pid_queries(profile=Profile(pid_formats="dc+sd-jwt"))

    assert len(held.not_registered(identification_query(pids))) == missing
