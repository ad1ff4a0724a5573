"""A trust list on its way into the SAM, and what it is good for there."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from sam import audit, errors
from sam import messages as m
from sam.trust import keeping
from tests.openid4vp import wallet
from tests.sam.trust import lists
from tests.sam.trust.conftest import URI, Configure, table
from tests.sam.trust.handing import (
    LISTED_ID,
    PIDS,
    WALLETS,
    a_list,
    garbage,
    holder_of,
    keep,
    resolved,
    state,
)
from tests.sam.trust.lists import Lote, entity
from tests.sam.world import World
from wallet_emulator.pid_provider import PidProvider

# --- what a list does ---


def test_who_is_listed_is_trusted_and_a_pid_of_theirs_identifies(
    world: World, listed: PidProvider
) -> None:
    assert resolved(world, [listed.signer]) is None

    kept = keep(world, a_list(world, listed))

    assert kept.usable_until == world.clock.now + timedelta(days=180)
    assert resolved(world, [listed.signer]) == LISTED_ID
    assert world.identify(holder_of(world, listed))
    assert LISTED_ID in world.client.info().pid_providers


def test_a_file_and_a_list_are_both_believed(world: World, listed: PidProvider) -> None:
    keep(world, a_list(world, listed))

    assert resolved(world, [world.provider.signer]) == "demo-pid-provider"


def test_of_one_certificate_in_both_the_file_gives_the_id(
    world: World, listed: PidProvider
) -> None:
    keep(world, a_list(world, world.provider))

    assert resolved(world, [world.provider.signer]) == "demo-pid-provider"


def test_a_pid_of_a_withdrawn_provider_is_refused_in_an_open_transaction(
    world: World, listed: PidProvider
) -> None:
    keep(world, a_list(world, listed))
    tx = world.open_identify(m.Grant.PASS)
    answer = holder_of(world, listed).answer(tx)

    keep(world, a_list(world, PidProvider.create(world.clock.now), sequence=2))

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, answer)
    assert world.row(tx)["state"] == "open"


def test_a_renewed_ca_is_the_same_provider_and_both_hold(
    world: World, listed: PidProvider
) -> None:
    renewed = PidProvider.create(world.clock.now)
    keep(world, Lote([entity("P", listed.ca, renewed.ca)], issued=world.clock.now))

    assert resolved(world, [listed.signer]) == LISTED_ID
    assert resolved(world, [renewed.signer]) == LISTED_ID


def test_a_list_outlives_the_process(world: World, listed: PidProvider) -> None:
    keep(world, a_list(world, listed))

    world.restart()

    assert resolved(world, [listed.signer]) == LISTED_ID


def test_a_list_kept_by_another_process_counts_from_the_next_call_on(
    world: World, listed: PidProvider
) -> None:
    first = world.sam
    world.restart()
    keep(world, a_list(world, listed))

    world.serve(first)
    world.client.info()

    assert resolved(world, [listed.signer]) == LISTED_ID


def test_another_name_makes_another_provider(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    """Two scheme operators that name one number do not share its persons."""
    configure(
        table(name="a"),
        table(name="b", signers="b.pem", uri=f"{URI}?b"),
        b=lists.operator("B"),
    )
    other = PidProvider.create(world.clock.now)
    keep(world, a_list(world, listed))
    keep(world, a_list(world, other, key=wallet.key("B")), f"{URI}?b")

    assert resolved(world, [listed.signer]) == "a/entity:VATSE-5560001111"
    assert resolved(world, [other.signer]) == "b/entity:VATSE-5560001111"


# --- categories ---


def test_an_anchor_of_one_category_proves_nothing_in_another(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    configure(table("wallet_providers"))
    wallets = Lote(
        [entity("W", listed.ca, service_type=lists.WALLET_ISSUANCE)],
        issued=world.clock.now,
        list_type=lists.WALLET_LIST,
    )
    keep(world, wallets)

    assert resolved(world, [listed.signer], WALLETS) == LISTED_ID
    assert resolved(world, [listed.signer], PIDS) is None
    with pytest.raises(errors.AnswerRefusedError):
        world.identify(holder_of(world, listed))


def test_one_list_in_two_categories_is_judged_for_each(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    configure(table(), table("wallet_providers", name="wallets"))

    keep(world, a_list(world, listed))

    assert resolved(world, [listed.signer], PIDS) == LISTED_ID
    assert resolved(world, [listed.signer], WALLETS) is None
    states = {s.category: s.state for s in world.client.info().trust_sources}
    assert states == {"pid_providers": "fresh", "wallet_providers": "broken"}


# --- entries that are no anchors ---

NOT_ANCHORS: dict[str, dict[str, Any]] = {
    "PK4-status-signer-as-pid-provider": {"service_type": lists.PID_REVOCATION},
    "PK4-wallet-provider-as-pid-provider": {"service_type": lists.WALLET_ISSUANCE},
    "PK4-withdrawn": {"ServiceStatus": "http://uri.etsi.org/x/withdrawn"},
    "PK4-no-stable-identifier": {"registration": None},
}


@pytest.mark.parametrize("options", NOT_ANCHORS.values(), ids=NOT_ANCHORS)
def test_a_listed_ca_that_is_no_pid_provider_is_no_anchor(
    world: World, listed: PidProvider, options: dict[str, Any]
) -> None:
    keep(world, Lote([entity("P", listed.ca, **options)], issued=world.clock.now))

    assert resolved(world, [listed.signer]) is None
    assert state(world) == "empty"


def test_the_unchanged_entry_is_an_anchor(world: World, listed: PidProvider) -> None:
    """Guards the table above."""
    keep(world, Lote([entity("P", listed.ca)], issued=world.clock.now))

    assert resolved(world, [listed.signer]) == LISTED_ID


def test_an_end_entity_is_no_anchor_unless_the_operator_says_so(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    lote = Lote([entity("P", listed.signer)], issued=world.clock.now).sign()
    keep(world, lote)
    assert resolved(world, [listed.signer]) is None
    assert state(world) == "empty"

    configure(table(signing_certificates=True))

    assert resolved(world, [listed.signer]) == LISTED_ID
    assert resolved(world, [listed.signer, listed.ca]) is None
    assert resolved(world, [PidProvider.create(world.clock.now).signer]) is None


WRONG_CERTIFICATES = {
    "ca-that-may-not-sign-certificates": wallet.authority("x", usage="crl_sign"),
    "issuer-that-is-no-ca": wallet.authority("x", ca=False),
    "issuer-without-constraints": wallet.authority("x", ca=None),
    "leaf-that-may-not-sign": wallet.leaf("x", issuer="y", usage="key_agreement"),
    "leaf-without-usage": wallet.leaf("x", issuer="y", usage=None),
}


@pytest.mark.parametrize(
    "listed_one", WRONG_CERTIFICATES.values(), ids=WRONG_CERTIFICATES
)
def test_a_certificate_that_is_neither_ca_nor_signer_counts_for_nothing(
    world: World, configure: Configure, listed_one: x509.Certificate
) -> None:
    configure(table(signing_certificates=True))

    keep(world, Lote([entity("P", listed_one)], issued=world.clock.now))

    assert state(world) == "empty"


def test_a_listed_signer_is_believed_while_it_is_valid(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    configure(table(signing_certificates=True))
    soon = world.clock.now + timedelta(hours=1)
    short = wallet.leaf("short", issuer="x", start=world.clock.now, end=soon)
    keep(world, Lote([entity("P", short)], issued=world.clock.now))
    assert resolved(world, [short]) == LISTED_ID

    world.clock.pass_by(hours=2)

    assert resolved(world, [short]) is None


def test_a_certificate_of_two_providers_is_nobody_s(
    world: World, listed: PidProvider
) -> None:
    """Else a number of one provider would be the person of the other's number."""
    other = PidProvider.create(world.clock.now)
    entities = [
        entity("A", listed.ca),
        entity("B", listed.ca, registration="VATFI-7654321"),
        entity("C", other.ca, registration="VATDE-1"),
    ]

    keep(world, Lote(entities, issued=world.clock.now))

    assert resolved(world, [listed.signer]) is None
    assert resolved(world, [other.signer]) == "eu-pid/entity:VATDE-1"
    (source,) = world.client.info().trust_sources
    assert "B: its certificate is another's too" in source.says


def test_countries_narrow_a_list(
    world: World, listed: PidProvider, configure: Configure
) -> None:
    configure(table(countries=["FI"]))
    there = PidProvider.create(world.clock.now)
    keep(
        world,
        Lote(
            [entity("S", listed.ca), entity("F", there.ca, country="FI")],
            issued=world.clock.now,
        ),
    )

    assert resolved(world, [listed.signer]) is None
    assert resolved(world, [there.signer]) == LISTED_ID


# --- what is not kept ---


def older(world: World) -> bytes:
    return a_list(world, sequence=6).sign()


def same_number_other_content(world: World) -> bytes:
    return a_list(world, PidProvider.create(world.clock.now), sequence=7).sign()


def newer_number_issued_earlier(world: World) -> bytes:
    early = world.clock.now - timedelta(days=1)
    return a_list(world, sequence=8, issued=early).sign()


def by_another_key(world: World) -> bytes:
    return a_list(world, sequence=8, key=wallet.key("villain")).sign()


def ended(world: World) -> bytes:
    early = world.clock.now - timedelta(days=200)
    return a_list(world, sequence=8, issued=early).sign()


def of_wallet_providers(world: World) -> bytes:
    return a_list(world, sequence=8, list_type=lists.WALLET_LIST).sign()


KEPT_OUT = {
    "PK4-older-sequence": (older, "trust_list_older"),
    "PK4-same-sequence-other-content": (same_number_other_content, "trust_list_older"),
    "PK4-newer-number-issued-earlier": (
        newer_number_issued_earlier,
        "trust_list_older",
    ),
    "PK4-by-another-key": (by_another_key, "trust_list_signature"),
    "PK4-next-update-past": (ended, "trust_list_time"),
    "PK4-of-another-category": (of_wallet_providers, "trust_list_kind"),
    "PK4-garbage": (garbage, "trust_list_signature"),
}


@pytest.mark.parametrize(("make", "code"), KEPT_OUT.values(), ids=KEPT_OUT)
def test_what_is_refused_leaves_a_note_and_the_list_held_counts_on(
    world: World, listed: PidProvider, make: Any, code: str
) -> None:
    keep(world, a_list(world, listed, sequence=7))

    with pytest.raises(errors.FileRefusedError, match=code):
        keep(world, make(world))

    (source,) = world.client.info().trust_sources
    assert (source.state, source.sequence, source.providers) == ("broken", 7, 1)
    assert code in source.says
    assert resolved(world, [listed.signer]) == LISTED_ID


def test_the_next_list_is_kept_and_clears_the_note(
    world: World, listed: PidProvider
) -> None:
    """Guards the table above."""
    keep(world, a_list(world, listed, sequence=7))
    with pytest.raises(errors.FileRefusedError):
        keep(world, garbage(world))

    keep(world, a_list(world, listed, sequence=8))

    assert state(world) == "fresh"
    assert len(world.audited(audit.Event.FILE_KEPT)) == 2


def test_the_same_list_may_come_again(world: World, listed: PidProvider) -> None:
    content = a_list(world, listed).sign()
    keep(world, content)
    world.clock.pass_by(hours=6)

    assert keep(world, content)
    assert state(world) == "fresh"
    assert len(world.audited(audit.Event.FILE_KEPT)) == 1


def test_an_older_list_is_refused_after_the_newer_one_ended_too(
    world: World, listed: PidProvider
) -> None:
    keep(world, a_list(world, sequence=7, issued=world.clock.now))
    world.clock.pass_by(days=181)
    late = world.clock.now - timedelta(days=1)

    with pytest.raises(errors.FileRefusedError, match="trust_list_older"):
        keep(world, a_list(world, listed, sequence=6, issued=late))


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        pytest.param("https://lists.example/other.json", "lote", id="another-uri"),
        pytest.param(f"{URI}?x", "lote", id="a-longer-uri"),
        pytest.param(URI, "trusted_list", id="another-kind"),
        pytest.param(URI, "status_list", id="a-status-list"),
    ],
)
def test_a_list_for_a_uri_that_no_source_names_is_not_wanted(
    world: World, listed: PidProvider, uri: str, kind: str
) -> None:
    with pytest.raises(errors.FileNotWantedError):
        keep(world, a_list(world, listed), uri, kind)

    assert resolved(world, [listed.signer]) is None


def test_a_list_that_another_process_replaced_meanwhile_is_not_overwritten(
    world: World, listed: PidProvider
) -> None:
    (before,) = world.sam.trust_lists.held
    keep(world, a_list(world, listed, sequence=8))

    with pytest.raises(errors.FileRefusedError, match="meanwhile"):
        keeping._keep_for(world.sam, before, a_list(world, sequence=7).sign())

    assert resolved(world, [listed.signer]) == LISTED_ID


def test_without_sources_no_list_is_wanted(world: World) -> None:
    with pytest.raises(errors.FileNotWantedError):
        keep(world, a_list(world))
    assert world.client.info().trust_sources == ()
