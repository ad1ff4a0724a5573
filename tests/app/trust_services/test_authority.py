"""At most one certificate per key: threads, processes, crashes, a broken disk."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from app.trust_services import csr
from app.trust_services.errors import (
    AlreadyCertifiedError,
    LedgerUnavailableError,
    ProfileRefusedError,
    TransactionConflictError,
)
from app.trust_services.installation import Installation
from app.trust_services.ledger import Transaction

TRANSACTION = Transaction(requester="ra", identifier=1)


def _authority(pki: Any) -> Any:
    return Installation.open(pki.folder)._authority("issuing-ca")


def _entries(pki: Any) -> list[Path]:
    return sorted((pki.folder / "issued" / "keys").iterdir())


def test_sixteen_threads_get_one_certificate_for_one_key(pki: Any, box: Any) -> None:
    authority = _authority(pki)
    request = csr.parse(box.csr_der(box.new_key()))
    start = Barrier(16)

    def certify(_: int) -> x509.Certificate:
        start.wait()
        return authority.certify_signer(request, TRANSACTION, box.NOW)

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(certify, range(16)))

    assert len(found) == 1


def test_of_sixteen_transactions_for_one_key_one_gets_a_certificate(
    pki: Any, box: Any
) -> None:
    authority = _authority(pki)
    request = csr.parse(box.csr_der(box.new_key()))
    start = Barrier(16)

    def certify(number: int) -> x509.Certificate | None:
        start.wait()
        transaction = Transaction(requester="ra", identifier=number)
        try:
            return authority.certify_signer(request, transaction, box.NOW)
        except AlreadyCertifiedError:
            return None

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(certify, range(1, 17)))

    assert sum(one is not None for one in found) == 1


def _certify_in_a_process(
    folder: Path, request: bytes, now: Any, start: Any, serials: Any
) -> None:
    authority = Installation.open(folder)._authority("issuing-ca")
    parsed = csr.parse(request)
    start.wait()
    certificate = authority.certify_signer(parsed, TRANSACTION, now)
    serials.put(certificate.serial_number)


def test_two_processes_get_one_certificate_for_one_key(pki: Any, box: Any) -> None:
    context = multiprocessing.get_context("fork")
    start, serials = context.Barrier(2), context.SimpleQueue()
    given = (pki.folder, box.csr_der(box.new_key()), box.NOW, start, serials)
    processes = [
        context.Process(target=_certify_in_a_process, args=given) for _ in range(2)
    ]

    [process.start() for process in processes]
    found = {serials.get() for _ in processes}
    [process.join() for process in processes]

    assert len(found) == 1


@pytest.fixture
def crash(
    pki: Any, box: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes], None]:
    """Certify ``request``, and lose power between the claim and the record."""

    def run(request: bytes) -> None:
        authority = _authority(pki)

        def lose_power(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(type(authority.ledger), "record", lose_power)
            with pytest.raises(KeyboardInterrupt):
                authority.certify_signer(csr.parse(request), TRANSACTION, box.NOW)

    return run


def test_a_request_that_crashed_half_way_is_completed_when_it_is_repeated(
    pki: Any, box: Any, crash: Callable[[bytes], None]
) -> None:
    request = box.csr_der(box.new_key())
    crash(request)

    _authority(pki).certify_signer(csr.parse(request), TRANSACTION, box.NOW)

    assert len(_entries(pki)) == 2  # the registration authority's and this one


def test_a_transaction_that_crashed_half_way_takes_no_other_request(
    pki: Any, box: Any, crash: Callable[[bytes], None]
) -> None:
    crash(box.csr_der(box.new_key()))
    other = csr.parse(box.csr_der(box.new_key()))

    with pytest.raises(TransactionConflictError):
        _authority(pki).certify_signer(other, TRANSACTION, box.NOW)


def test_no_record_no_certificate(pki: Any, box: Any) -> None:
    """The folder of keys is gone: writing fails, so nothing is issued."""
    authority = _authority(pki)
    keys = pki.folder / "issued" / "keys"
    keys.rename(keys.with_name("elsewhere"))

    with pytest.raises(LedgerUnavailableError):
        authority.certify_signer(
            csr.parse(box.csr_der(box.new_key())), TRANSACTION, box.NOW
        )


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"a":'])
def test_a_damaged_entry_stops_the_key_and_not_the_door(
    pki: Any, box: Any, content: bytes
) -> None:
    key = box.new_key()
    request = csr.parse(box.csr_der(key))
    (pki.folder / "issued" / "keys" / f"{request.key_digest}.json").write_bytes(content)

    answer = pki.enrol(pki.client.message(request.der))

    assert (answer.status_code, answer.text.split(":")[0]) == (
        503,
        "ledger_unavailable",
    )


def test_requesters_do_not_share_transaction_ids(pki: Any, box: Any) -> None:
    authority = _authority(pki)
    authority.certify_signer(
        csr.parse(box.csr_der(box.new_key())), TRANSACTION, box.NOW
    )
    other = Transaction(requester="another-ra", identifier=TRANSACTION.identifier)

    authority.certify_signer(csr.parse(box.csr_der(box.new_key())), other, box.NOW)

    assert len(_entries(pki)) == 3


# --- services -------------------------------------------------------------


def _certify(
    pki: Any, box: Any, key: Any, *, profile: str = "pass-issuing", **more: Any
) -> x509.Certificate:
    subject = {NameOID.COMMON_NAME: more.pop("name", "TEST Pass Issuer")}
    request = csr.parse(box.csr_der(key, subject))
    now = more.pop("now", box.NOW)
    host = more.pop("host", "localhost")
    return pki.installation.certify(profile, request, now, host=host)[0]


def test_a_service_that_asks_again_gets_its_certificate_again(
    pki: Any, box: Any
) -> None:
    key = box.new_key()

    assert _certify(pki, box, key) == _certify(pki, box, key)


def test_a_service_certificate_near_its_end_is_renewed(pki: Any, box: Any) -> None:
    key = box.new_key()
    first = _certify(pki, box, key)
    later = box.NOW + timedelta(days=710)

    second = _certify(pki, box, key, now=later)

    assert second.not_valid_after_utc > first.not_valid_after_utc


def test_a_service_with_another_host_gets_another_certificate(
    pki: Any, box: Any
) -> None:
    key = box.new_key()
    first = _certify(pki, box, key)

    assert _certify(pki, box, key, host="sign.example") != first


@pytest.mark.parametrize(
    "change", [{"name": "TEST Another"}, {"profile": "request-signing"}]
)
def test_a_service_key_cannot_become_something_else(
    pki: Any, box: Any, change: dict[str, str]
) -> None:
    key = box.new_key()
    _certify(pki, box, key)

    with pytest.raises(AlreadyCertifiedError):
        _certify(pki, box, key, **change)


def test_the_key_of_a_signer_cannot_become_a_service(pki: Any, box: Any) -> None:
    key = box.new_key()
    pki.signer_certificate(key)

    with pytest.raises(AlreadyCertifiedError):
        _certify(pki, box, key)


def test_a_service_whose_name_does_not_say_test_is_refused(pki: Any, box: Any) -> None:
    with pytest.raises(ProfileRefusedError):
        _certify(pki, box, box.new_key(), name="Pass Issuer")
