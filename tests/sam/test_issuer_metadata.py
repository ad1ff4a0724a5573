"""Signed issuer metadata: one truth with what the web tier says unsigned."""

from typing import Any

import pytest

from app.signers.issuer_metadata import issuer_metadata, signed_metadata
from sam.messages import AttackPotential, KeyAttestationPolicy
from sam.signed_texts import LIFETIME
from tests.sam.callers import BASE_URL
from tests.sam.world import World
from wallet_emulator import jws
from wallet_emulator.certificates import parse_x5c, verify_unanchored_chain

TYPE = "openidvci-issuer-metadata+jwt"
OFF, OPTIONAL, REQUIRED = KeyAttestationPolicy


def token(world: World) -> str:
    text = world.client.info().signed_metadata
    assert text is not None
    return text


def restarted(world: World, **settings: object) -> World:
    world.restart(world.sam.config.model_copy(update=settings))
    return world


SETTINGS = [
    pytest.param({}, id="off"),
    pytest.param({"pass_key_attestation": OPTIONAL}, id="optional"),
    pytest.param({"pass_key_attestation": REQUIRED}, id="required"),
    pytest.param(
        {
            "pass_key_attestation": REQUIRED,
            "pass_key_storage": AttackPotential.MODERATE,
            "pass_user_authentication": AttackPotential.BASIC,
        },
        id="required-with-levels",
    ),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_it_says_exactly_what_the_web_tier_says(
    world: World, settings: dict[str, object]
) -> None:
    info = restarted(world, **settings).client.info()

    said = jws.parse(token(world)).claims()
    about_the_jwt = {name: said.pop(name) for name in ("sub", "iat", "exp")}

    assert said == issuer_metadata(BASE_URL, info)
    assert about_the_jwt["sub"] == BASE_URL
    assert signed_metadata(BASE_URL, info) == info.signed_metadata


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        pytest.param({}, None, id="off"),
        pytest.param({"pass_key_attestation": OPTIONAL}, None, id="optional"),
        pytest.param({"pass_key_attestation": REQUIRED}, {}, id="any-level"),
        pytest.param(
            {
                "pass_key_attestation": REQUIRED,
                "pass_key_storage": AttackPotential.MODERATE,
            },
            {"key_storage": ["iso_18045_moderate", "iso_18045_high"]},
            id="a-level-and-those-above",
        ),
    ],
)
def test_wallets_are_told_what_they_need(
    world: World, settings: dict[str, object], wanted: object
) -> None:
    said: Any = jws.parse(token(restarted(world, **settings))).claims()
    configurations = said["credential_configurations_supported"]
    kind = configurations["signing_pass"]["proof_types_supported"]["jwt"]

    assert kind.get("key_attestations_required") == wanted


def test_it_is_signed_by_the_pass_issuer_for_a_day(world: World) -> None:
    text = token(world)
    parsed = jws.parse(text)
    chain = parse_x5c(parsed.header["x5c"])

    said = jws.verify(
        parsed, typ=TYPE, key=verify_unanchored_chain(chain, world.clock.now)
    )

    assert chain[0] == world.sam.pass_issuer.certificate_chain[0]
    assert said["iat"] == int(world.clock.now.timestamp())
    assert said["exp"] == int((world.clock.now + LIFETIME).timestamp())


def test_it_is_the_same_until_half_of_its_life(world: World) -> None:
    first = token(world)
    world.clock.pass_by(seconds=LIFETIME.total_seconds() / 2 - 1)
    assert token(world) == first

    world.clock.pass_by(seconds=1)

    assert token(world) != first
