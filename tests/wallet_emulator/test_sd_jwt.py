"""Concealing, choosing and revealing claims (RFC 9901), as holder."""

from typing import Any

import pytest

from wallet_emulator import sd_jwt
from wallet_emulator.errors import MalformedError
from wallet_emulator.keys import new_key
from wallet_emulator.sd_jwt import ClaimsPath, SdJwt

CLAIMS: dict[str, Any] = {
    "family_name": "Mustermann",
    "address": {"country": "DE", "street": {"name": "Weg", "number": 7}},
    "nationalities": ["DE", "FR"],
}


@pytest.fixture
def credential() -> SdJwt:
    return sd_jwt.issue(
        header={"alg": "ES256", "typ": "dc+sd-jwt"},
        plain={"vct": "urn:example:1", "open": {"x": [1, 2]}},
        concealed=CLAIMS,
        key=new_key(),
    )


def choose(credential: SdJwt, *paths: ClaimsPath) -> dict[str, Any]:
    chosen = SdJwt(
        issuer_jwt=credential.issuer_jwt, disclosures=credential.select(paths)
    )
    revealed = chosen.reveal()
    return {name: revealed[name] for name in revealed if name not in ("vct", "open")}


def test_everything_disclosed_is_everything_issued(credential: SdJwt) -> None:
    assert credential.reveal() == {
        "vct": "urn:example:1",
        "open": {"x": [1, 2]},
        **CLAIMS,
    }


def test_the_text_survives_parsing(credential: SdJwt) -> None:
    assert SdJwt.parse(credential.text) == credential


def test_rfc_9901_disclosure_vector() -> None:
    """Digest of a disclosure over its text as sent, not over its JSON."""
    text = "WyJtOVFkMXhXMGtxM1pyVXUybzViVG5BIiwiZmFtaWx5X25hbWUiLCJMaW5kcXZpc3QiXQ"

    assert sd_jwt.digest(text) == "9xAzIxWeBijrQkt-S5ClnDASrs15g92Cxsr6hACv1q0"


@pytest.mark.parametrize(
    ("paths", "revealed"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param([("vct",)], {}, id="an-open-claim"),
        pytest.param([("open", "x", 1)], {}, id="inside-an-open-claim"),
        pytest.param([("family_name",)], {"family_name": "Mustermann"}, id="one-claim"),
        pytest.param(
            [("address", "country")], {"address": {"country": "DE"}}, id="one-member"
        ),
        pytest.param(
            [("address", "street", "number")],
            {"address": {"street": {"number": 7}}},
            id="a-member-of-a-member",
        ),
        pytest.param(
            [("address",)], {"address": CLAIMS["address"]}, id="a-whole-object"
        ),
        pytest.param(
            [("nationalities", 1)], {"nationalities": ["FR"]}, id="one-element"
        ),
        pytest.param(
            [("nationalities", None)], {"nationalities": ["DE", "FR"]}, id="all"
        ),
        pytest.param([("nationalities",)], {"nationalities": ["DE", "FR"]}, id="array"),
    ],
)
def test_only_what_is_asked_is_revealed(
    credential: SdJwt, paths: list[ClaimsPath], revealed: dict[str, Any]
) -> None:
    assert choose(credential, *paths) == revealed


@pytest.mark.parametrize(
    "path",
    [
        ("given_name",),
        ("address", "planet"),
        ("nationalities", 2),
        ("nationalities", "DE"),
        ("address", 0),
        ("family_name", "x"),
    ],
)
def test_a_claim_that_is_not_there_cannot_be_chosen(
    credential: SdJwt, path: ClaimsPath
) -> None:
    with pytest.raises(MalformedError, match="no claim"):
        credential.select([path])


@pytest.mark.parametrize(
    "text",
    ["", "~", "a.b.c~", "e30.e30.~x~", "e30.W10.~", "e30.e30.~WzFd~", "e30.e30."],
)
def test_text_that_is_no_credential_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        SdJwt.parse(text)
