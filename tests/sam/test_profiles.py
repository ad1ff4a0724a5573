"""Every shipped profile is what its wallet accepts, from the request to a signature."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sam import asking, audit, errors
from sam import messages as m
from sam.profiles.loading import SHIPPED, UnusableProfileError, read
from sam.start import StartError
from sam.trust.categories import Category
from tests.sam import kinds
from tests.sam.callers import Holder
from tests.sam.golden_requests import FOLDER, golden
from tests.sam.world import World
from wallet_emulator.errors import RequestRefusedError
from wallet_emulator.wallet_kinds import KINDS

SIGNING = [name for name in SHIPPED if name != "oidf-conformance"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with kinds.world_of_kinds(tmp_path_factory.mktemp("kinds")) as world:
        yield world


@pytest.fixture(scope="module")
def erika(world: World) -> Holder:
    return world.person("erika")


@pytest.mark.parametrize("profile", SHIPPED)
def test_the_wallet_of_a_profile_identifies(
    world: World, erika: Holder, profile: str
) -> None:
    opened = kinds.open_identify(world, profile)

    body = kinds.answer_by(kinds.kind_of(profile), erika, opened)

    assert world.submit(opened.tx, body).handle is not None


@pytest.mark.parametrize("profile", SIGNING)
def test_the_wallet_of_a_profile_approves_and_the_document_is_signed(
    world: World, erika: Holder, profile: str
) -> None:
    opened = world.open_sign(profile=profile)

    body = kinds.answer_by(kinds.kind_of(profile), erika, opened)

    assert world.submit(opened.tx, body).outcome == "approved"
    assert len(world.finish(opened.tx).signatures) == 1


@pytest.mark.parametrize("profile", SHIPPED)
def test_the_link_is_one_its_wallet_opens(world: World, profile: str) -> None:
    opened = kinds.open_identify(world, profile)

    assert opened.link_scheme in kinds.kind_of(profile).schemes


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        pytest.param("production", "we-build-cs-03", id="the-other-spelling"),
        pytest.param("we-build-cs-03", "eudi-reference-wallet", id="and-back"),
        pytest.param("we-build-cs-03", "walt-id", id="and-back-again"),
        pytest.param("production", "oidf-conformance", id="credential-sets"),
        pytest.param("oidf-conformance", "oidf-conformance", id="two-credentials"),
    ],
)
def test_a_wallet_asked_in_anothers_way_refuses(
    world: World, profile: str, kind: str
) -> None:
    """Guards the tables above: a kind that refuses nothing would prove nothing."""
    opened = world.open_sign(profile=profile)

    with pytest.raises(RequestRefusedError):
        kinds.read_by(KINDS[kind], world, opened)


def test_the_conformance_suite_takes_no_registration(world: World) -> None:
    opened = kinds.open_identify(world, "credo")

    with pytest.raises(RequestRefusedError, match="verifier_info"):
        kinds.read_by(KINDS["oidf-conformance"], world, opened)


@pytest.mark.parametrize("profile", SHIPPED)
def test_the_request_is_the_one_on_file(world: World, profile: str) -> None:
    """Renew the files with ``python -m tests.sam.golden_requests``."""
    assert golden(world, profile) == (FOLDER / f"{profile}.json").read_text()


@pytest.mark.parametrize("profile", SHIPPED)
def test_the_digest_of_the_document_is_in_what_is_approved(
    world: World, profile: str
) -> None:
    opened = world.open_sign(profile=profile)

    (sdr,) = [document.sdr for document in opened.documents]
    (document,) = kinds.documents_of(opened.transaction_data)
    assert (document["hash"], document["hashType"]) == (kinds.base64(sdr), "sdr")


# --- who chooses, and when ---------------------------------------------------------


def test_the_first_of_the_list_is_for_who_does_not_choose(world: World) -> None:
    opened = kinds.open_identify(world, None)

    assert opened.link_scheme == "openid4vp"
    assert [kind.name for kind in world.client.info().profiles] == list(SHIPPED)
    assert world.client.info().profiles[1].title == "EU reference wallet"


@pytest.mark.parametrize("name", ["none-such", "pid-bound"])
def test_an_unknown_profile_opens_nothing(world: World, name: str) -> None:
    before = world.transactions()

    with pytest.raises(errors.UnknownProfileError):
        kinds.open_identify(world, name)
    with pytest.raises(errors.UnknownProfileError):
        world.open_sign(profile=name)

    assert world.transactions() == before


@pytest.mark.parametrize("name", ["", "../production", "Production", "a" * 33])
def test_a_name_that_is_none_is_malformed(world: World, name: str) -> None:
    body = m.OpenIdentify(grants=()).model_dump() | {"profile": name}
    call = m.OpenIdentify.model_construct(**body)

    with pytest.raises(errors.MalformedCallError):
        world.client.open_identify(call)


def test_only_listed_profiles_can_be_named(tmp_path: Path) -> None:
    """A caller that knows a shipped name gains nothing where it is not on the list."""
    with kinds.world_of_kinds(tmp_path) as world:
        kinds.with_profiles(world, "production")

        with pytest.raises(errors.UnknownProfileError):
            kinds.open_identify(world, "credo")


def test_a_transaction_keeps_its_profile(tmp_path: Path) -> None:
    """Over a restart, and when the operator has taken the profile off the list."""
    with kinds.world_of_kinds(tmp_path) as world:
        erika = world.person("erika")
        opened = world.open_sign(profile="we-build-cs-03")
        _, before = kinds.parts(kinds.fetched(world, opened).request_object)
        kinds.with_profiles(world, "production")

        _, after = kinds.parts(kinds.fetched(world, opened).request_object)
        body = kinds.answer_by(KINDS["we-build-cs-03"], erika, opened)

        assert after == before
        assert world.submit(opened.tx, body).outcome == "approved"


def test_the_log_says_by_which_profile(world: World) -> None:
    kinds.open_identify(world, "credo")

    (*_, record) = world.audited(audit.Event.TRANSACTION_OPENED)
    assert json.loads(record)["profile"] == "credo"


@pytest.mark.parametrize("nonce", ["a b", "\u00e9", "a\n", "\x7f"])
def test_a_nonce_that_cannot_be_echoed_is_the_wallet_s_mistake(
    world: World, nonce: str
) -> None:
    opened = kinds.open_identify(world, "production")
    call = m.Request(tx=opened.tx, wallet_nonce=nonce)

    with pytest.raises(errors.MalformedCallError):
        world.client.request(call)


def test_a_further_pid_type_is_one_profile_s_alone(world: World) -> None:
    asa = kinds.person_with_old_pid(world)
    reference = kinds.open_identify(world, "eudi-reference-wallet")
    production = kinds.open_identify(world, "production")

    body = kinds.answer_by(KINDS["eudi-reference-wallet"], asa, reference)

    assert world.submit(reference.tx, body).handle is not None
    with pytest.raises(RequestRefusedError):
        kinds.answer_by(KINDS["emulator"], asa, production)


# --- what the answer must hold ------------------------------------------------------


def test_a_wallet_without_the_required_approval_claim_is_refused(
    world: World, erika: Holder
) -> None:
    """The EU wallets make qesApproval: one that comes without it is not one."""
    opened = world.open_sign(profile="eudi-reference-wallet")
    without = KINDS["eudi-reference-wallet"]
    body = kinds.answer_by(kinds.but(without, states_approval=False), erika, opened)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(opened.tx, body)


def test_a_wallet_that_does_not_repeat_the_algorithm_is_refused(
    world: World, erika: Holder
) -> None:
    opened = world.open_sign(profile="production")
    silent = kinds.but(KINDS["emulator"], repeats_alg=False)
    body = kinds.answer_by(silent, erika, opened)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(opened.tx, body)


# --- the operator's own -------------------------------------------------------------


def own(tmp_path: Path, **switches: Any) -> Path:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"name": "own", "title": "Our own wallet", **switches}))
    return file


OWN = [
    pytest.param({"aud": "wallet_issuer"}, id="aud"),
    pytest.param({"iat_in_header": True}, id="iat-in-the-header"),
    pytest.param({"trusted_authorities": True}, id="aki"),
    pytest.param({"pid_formats": "mso_mdoc"}, id="mdoc-alone"),
    pytest.param({"client_id_prefix": "x509_san_dns"}, id="dns-name"),
    pytest.param({"enc_values": ["A256GCM", "A128GCM"]}, id="the-other-enc-first"),
    pytest.param({"registration_certificate": "base64url"}, id="wrapped-certificate"),
    pytest.param({"link_scheme": "https://wallet.example/authorize"}, id="https-link"),
    pytest.param({"request_uri_method": "omit"}, id="no-method"),
    pytest.param({"transaction_data": {"checksum": "object"}}, id="checksum-object"),
    pytest.param(
        {
            "transaction_data": {"hashes_alg": "omitted"},
            "answer": {"hashes_alg": "optional"},
        },
        id="no-hash-algorithm",
    ),
    pytest.param({"answer": {"qes_approval_input": "json"}}, id="not-this-input"),
]


@pytest.mark.parametrize("switches", OWN)
def test_each_switch_leads_to_a_signature(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    """One world each: a switch that only shows in the request is still a request."""
    states = switches.get("answer") != {"qes_approval_input": "json"}
    kind = kinds.but(KINDS["emulator"], states_approval=states)
    with kinds.world_of_kinds(tmp_path, own(tmp_path, **switches)) as world:
        erika = world.person("erika")
        opened = world.open_sign(profile="own")
        world.submit(opened.tx, kinds.answer_by(kind, erika, opened))

        assert world.finish(opened.tx).signatures


def test_the_audience_is_the_wallet_that_names_itself(tmp_path: Path) -> None:
    with kinds.world_of_kinds(tmp_path, own(tmp_path, aud="wallet_issuer")) as world:
        opened = kinds.open_identify(world, "own")
        metadata = json.dumps({"issuer": "https://wallet.example"})

        named = kinds.fetched(world, opened, wallet_metadata=metadata)
        silent = kinds.fetched(world, opened)

        assert kinds.parts(named.request_object)[1]["aud"] == "https://wallet.example"
        assert kinds.parts(silent.request_object)[1]["aud"] == kinds.SELF_ISSUED


@pytest.mark.parametrize("seconds", [40, -20], ids=["too-old", "too-far-ahead"])
def test_a_narrower_window_holds_for_proofs(tmp_path: Path, seconds: int) -> None:
    """The same proof is in time for production."""
    window = {"iat_past_seconds": 30, "iat_future_seconds": 5}
    with kinds.world_of_kinds(tmp_path, own(tmp_path, answer=window)) as world:
        erika = world.person("erika", holds_pass=False)
        asked = [kinds.open_identify(world, name) for name in ("own", "production")]
        world.clock.pass_by(seconds=60)
        narrow, wide = (kinds.answer_by(KINDS["emulator"], erika, o) for o in asked)
        world.clock.pass_by(seconds=seconds)

        with pytest.raises(errors.AnswerRefusedError):
            world.submit(asked[0].tx, narrow)
        assert world.submit(asked[1].tx, wide).handle is not None


def test_wallets_are_told_whose_pids_are_trusted(tmp_path: Path) -> None:
    with kinds.world_of_kinds(
        tmp_path, own(tmp_path, trusted_authorities=True)
    ) as world:
        opened = kinds.open_identify(world, "own")

        _, payload = kinds.parts(kinds.fetched(world, opened).request_object)

        queries = payload["dcql_query"]["credentials"]
        anchors = world.sam.anchors[Category.PID_PROVIDERS].anchors(world.clock.now)
        values = list(asking.key_identifiers(anchors.authorities))
        assert [q["trusted_authorities"] for q in queries] == [
            [{"type": "aki", "values": values}]
        ] * 2


# --- what stops the start -----------------------------------------------------------

BELOW = [
    pytest.param({"response_mode": "direct_post"}, "answers are encrypted", id="plain"),
    pytest.param({"accept_enc": ["A128CBC-HS256"]}, "A128GCM or A256GCM", id="cbc"),
    pytest.param({"enc_values": ["A128CBC-HS256"]}, "A128GCM", id="cbc-offered"),
    pytest.param({"enc_values": ["A256GCM"]}, "both of", id="one-enc"),
    pytest.param({"enc_values": ["A128GCM"] * 2}, "both of", id="one-enc-twice"),
    pytest.param({"request_object_alg": "none"}, "ES256", id="unsigned"),
    pytest.param({"credential_algs": ["RS256"]}, "ES256, -7 or -9", id="rsa"),
    pytest.param({"nonce": "short"}, "256 bits", id="nonce"),
    pytest.param({"aud_compat": "bare"}, "whole client_id", id="audience"),
    pytest.param({"pid_binding_legacy": True}, "never approves", id="pid-approves"),
    pytest.param({"mdoc_qes_approval": "walt"}, "signing pass", id="mdoc-approves"),
    pytest.param({"transaction_data_off": True}, "nothing would be", id="no-data"),
    pytest.param({"two_step_consent": True}, "one answer", id="two-answers"),
    pytest.param({"status_policy": "warn"}, "refused", id="status"),
    pytest.param({"trust_mode": "any"}, "setting of the SAM", id="trust"),
    pytest.param({"dc_api": True}, "setting of the SAM", id="dc-api"),
    pytest.param({"answer": {"iat_past_seconds": 301}}, "300 s old", id="old-proofs"),
    pytest.param({"answer": {"iat_past_seconds": 0}}, "300 s old", id="no-window"),
    pytest.param({"answer": {"iat_future_seconds": 61}}, "60 s ahead", id="future"),
    pytest.param(
        {"transaction_data": {"hashes_alg": "omitted"}}, "told", id="not-told"
    ),
    pytest.param({"answer": {"qes_approval": "ignore"}}, "required", id="ignored"),
    pytest.param({"transaction_data": {"type": "x"}}, "not permitted", id="other-type"),
    pytest.param({"link_scheme": "javascript"}, "pattern", id="script-link"),
    pytest.param({"link_scheme": "http://wallet.example"}, "pattern", id="http-link"),
    pytest.param({"link_scheme": "https://x/?a=b"}, "pattern", id="link-with-query"),
    pytest.param({"client_id_prefix": "redirect_uri"}, "x509", id="unsigned-prefix"),
    pytest.param({"also_pid_vct": ["https://x/pass"]}, "pattern", id="any-type"),
    pytest.param({"surprise": 1}, "not permitted", id="unknown-switch"),
    pytest.param({"name": "Own"}, "pattern", id="bad-name"),
    pytest.param({"name": "production"}, "two profiles", id="a-shipped-name"),
]


@pytest.mark.parametrize(("switches", "sentence"), BELOW)
def test_a_profile_below_the_floor_stops_the_start(
    world: World, tmp_path: Path, switches: dict[str, Any], sentence: str
) -> None:
    file = own(tmp_path, **switches)

    with pytest.raises(StartError, match=sentence):
        kinds.with_profiles(world, "production", str(file))


def test_an_own_profile_at_the_floor_starts(tmp_path: Path) -> None:
    """Guards the table above."""
    with kinds.world_of_kinds(tmp_path, own(tmp_path)) as world:
        assert "own" in world.sam.profiles


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param({"also_pid_vct": ["urn:eudi:pid:de:1"]}, id="more-pid-types"),
        pytest.param({"client_id_prefix": "x509_san_dns"}, id="dns-name"),
    ],
)
def test_what_is_for_tests_is_refused_outside_of_them(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    file = own(tmp_path, **switches)

    assert read(file, test_mode=True).name == "own"
    with pytest.raises(UnusableProfileError, match="for tests only"):
        read(file, test_mode=False)


UNREADABLE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"[]", id="an-array"),
    pytest.param(b'{"name":"a","name":"b"}', id="a-switch-twice"),
    pytest.param(b'{"name":"a","title":"x"}' + b" " * 16384, id="too-long"),
    pytest.param(b"\xff", id="no-text"),
    pytest.param(None, id="absent"),
]


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_file_that_is_no_profile_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "own.json"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(UnusableProfileError, match=r"own\.json"):
        read(file, test_mode=True)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        pytest.param((), "at least one", id="none"),
        pytest.param(("prod",), "not shipped", id="misspelt"),
        pytest.param(("credo", "credo"), "two profiles", id="twice"),
    ],
)
def test_a_list_that_is_none_stops_the_start(
    world: World, entries: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(StartError, match=sentence):
        kinds.with_profiles(world, *entries)
