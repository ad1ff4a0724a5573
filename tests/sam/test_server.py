"""The SAM's door: which calls there are, and how its refusals travel."""

import logging
from dataclasses import replace
from typing import get_args

import httpx
import pytest
from sqlalchemy import text

from hsm.errors import HsmUnavailableError
from sam import errors, server
from sam import messages as m
from sam.client import SamClient
from sam.database import Database
from sam.server import Server
from tests.sam.world import World
from wallet_emulator.persons import PERSONS

DISK_FULL = """
    CREATE TRIGGER full_disk BEFORE UPDATE ON transactions
    BEGIN SELECT RAISE(ABORT, 'disk full'); END
"""
CALLS = {
    "open_identify": {"grants", "match_rules", "alone", "dc_api", "profile"},
    "request": {"tx", "wallet_nonce", "wallet_metadata"},
    "submit": {"tx", "body"},
    "finish": {"tx"},
    "pass_nonce": set(),
    "issue_pass": {"handle", "proof"},
    "list_passes": {"handle"},
    "revoke_pass": {"handle", "reference"},
    "pass_status_list": {"number"},
    "make_credential": {"handle", "algorithm"},
    "renew_credential": {"handle", "credential_id", "algorithm"},
    "list_credentials": {"handle"},
    "revoke_credential": {"handle", "credential_id", "reason"},
    "delete_credential": {"handle", "credential_id"},
    "status": {"tx"},
    "abort": {"tx"},
    "quota_tag": {"policy", "period", "handle", "tx"},
    "releases": {"release"},
    "info": set(),
}


def raw(world: World) -> httpx.Client:
    """An error the server does not know leaves as an exception, and fails the test."""
    transport = httpx.WSGITransport(app=Server(world.sam))
    return httpx.Client(transport=transport, base_url="http://sam")


def test_there_are_no_calls_but_those_documented() -> None:
    assert {
        name: set(kind.model_fields) for name, (kind, _) in server.CALLS.items()
    } == (CALLS)


def test_a_caller_can_name_no_nonce_key_query_signer_or_verdict() -> None:
    assert set(m.OpenSign.model_fields) == {
        "documents",
        "handle",
        "credential",
        "scheme",
        "purpose",
        "terms_version",
        "profile",
    }
    assert set(m.PreparedDocument.model_fields) == {
        "name",
        "byte_range",
        "original_length",
        "length",
        "structure_checked_by",  # recorded as the web tier's claim, believed by nobody
    }
    assert set(m.MatchRule.model_fields) == {"claim", "equals"}
    assert set(get_args(m.MatchRule.model_fields["claim"].annotation)) == {
        "birthdate",
        "personal_administrative_number",
        "document_number",
        "family_name",
        "given_name",
        "issuing_country",
    }


@pytest.mark.parametrize("kind", errors.KINDS, ids=lambda kind: kind.code)
def test_an_error_is_the_same_class_on_both_sides(
    world: World, kind: type[errors.SamError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_sam: object, _call: object) -> m.Message:
        raise kind("for this reason")

    monkeypatch.setitem(server.CALLS, "info", (m.Nothing, refuse))

    with pytest.raises(kind) as caught:
        world.client.info()

    assert type(caught.value) is kind
    assert str(caught.value) == "for this reason"
    assert raw(world).post("/info", content=b"{}").status_code == kind.status


def test_every_error_has_its_own_code() -> None:
    assert len(errors.BY_CODE) == len(errors.KINDS)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            httpx.Response(418, json={"code": "new", "detail": "x"}),
            errors.SamError,
            id="unknown-code",
        ),
        pytest.param(
            httpx.Response(500, content=b"<html>"),
            errors.SamUnavailableError,
            id="no-refusal",
        ),
        pytest.param(
            httpx.Response(200, content=b"{}"),
            errors.SamUnavailableError,
            id="no-answer",
        ),
        pytest.param(httpx.ConnectError("x"), errors.SamUnavailableError, id="no-sam"),
        pytest.param(httpx.ReadTimeout("x"), errors.SamUnavailableError, id="slow"),
    ],
)
def test_the_client_knows_no_other_errors(
    answer: httpx.Response | httpx.HTTPError, expected: type[errors.SamError]
) -> None:
    def respond(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer

    http = httpx.Client(transport=httpx.MockTransport(respond), base_url="http://sam")

    with pytest.raises(errors.SamError) as caught:
        SamClient(http).info()

    assert isinstance(caught.value, expected)
    assert caught.value.code == expected.code


def test_a_device_that_is_away_is_no_answer_without_detail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bytes:
        raise HsmUnavailableError("token serial 1234")

    monkeypatch.setattr(world.device, "mac", away)

    with pytest.raises(errors.SamUnavailableError, match=r"^HsmUnavailableError$"):
        world.client.pass_nonce()


def test_a_database_that_is_away_is_no_answer_without_detail(world: World) -> None:
    world.serve(replace(world.sam, database=Database("sqlite:////nowhere/sam.db")))

    with pytest.raises(errors.SamUnavailableError, match=r"^OperationalError$"):
        world.client.info()


@pytest.mark.parametrize(("seconds", "state"), [(299, "open"), (311, "closed")])
def test_a_call_sweeps_what_has_expired(world: World, seconds: int, state: str) -> None:
    tx = world.open_sign().tx
    world.clock.pass_by(seconds=seconds)

    world.client.info()

    assert world.row(tx)["state"] == state


def test_info_says_what_callers_need_and_nothing_secret(world: World) -> None:
    info = world.client.info()

    assert info.test_mode
    assert info.pid_providers == ("demo-pid-provider",)
    assert info.client_id.startswith("x509_hash:")
    assert info.audit_sequence == 1
    assert set(m.Info.model_fields) == {
        "client_id",
        "response_uri_base",
        "request_certificate_chain",
        "pass_certificate_chain",
        "pass_type",
        "test_mode",
        "device",
        "pid_providers",
        "audit_sequence",
        "audit_head",
        "signer_key_operations",
        "wanted_files",
        "trust_sources",
        "expiries",
        "profiles",
        "registration",
        "key_attestation",
        "key_storage",
        "user_authentication",
        "signed_metadata",
    }


def test_nothing_personal_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    erika = world.person("erika")
    world.finish(world.approved(erika))

    person = PERSONS["erika"]
    assert person.family_name not in caplog.text
    assert str(person.personal_administrative_number) not in caplog.text


def test_a_statement_that_fails_is_logged_without_its_values(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    erika = world.person("erika")
    tx = world.open_sign().tx
    body = erika.answer(tx)
    with world.sam.database.begin() as connection:
        connection.execute(text(DISK_FULL))

    with pytest.raises(errors.SamUnavailableError):
        world.submit(tx, body)

    assert "display_name" in caplog.text
    assert PERSONS["erika"].family_name not in caplog.text
