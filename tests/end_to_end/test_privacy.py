"""What must not be written down: looked for in every log of a whole run."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from wallet_emulator.consent import Decision
from wallet_emulator.persons import PERSONS

ASA = PERSONS["asa"]
PERSONAL = {
    "family name": ASA.family_name,
    "given name": ASA.given_name,
    "birth date": ASA.birthdate,
    "personal number": str(ASA.personal_administrative_number),
    "document number": str(ASA.document_number),
}
TOKENS = {
    "return code": "response_code=",
    "answer": "response=ey",
    "presentation": "eyJ",
    "offer": "pre-authorized_code",
    "access token": "Bearer ",
    "cookie": "Cookie",
    "document name": "lease.pdf",
}


@pytest.fixture(scope="module")
def logs(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """All logs after a signature, a refusal and an answer that does not hold."""
    signer = Signer(service, tmp_path_factory.mktemp("privacy"), "asa")
    returned = signer.answer(signer.approve())
    signer.browser.open(str(returned.redirect_uri))
    signer.answer(signer.approve(), decision=Decision.DECLINE)
    with pytest.raises(Exception, match="400"):
        signer.answer(signer.approve(), "invalid-sd-hash")
    texts = [file.read_text() for file in service.layout.log.glob("*.log")]
    assert len(texts) == len(service.stack.processes)
    return "\n".join(texts)


@pytest.mark.processes
@pytest.mark.parametrize("what", PERSONAL)
def test_no_log_holds_personal_data(logs: str, what: str) -> None:
    assert PERSONAL[what] not in logs


@pytest.mark.processes
@pytest.mark.parametrize("what", TOKENS)
def test_no_log_holds_what_opens_something(logs: str, what: str) -> None:
    assert TOKENS[what] not in logs


@pytest.mark.processes
def test_no_log_and_no_setting_holds_the_pin(service: Service, logs: str) -> None:
    pin = (service.layout.sam / "pin").read_text().strip()

    assert pin not in logs
    assert pin not in str(service.layout.environment())


@pytest.mark.processes
def test_the_sams_database_forgets_what_a_signature_no_longer_needs(
    service: Service, logs: str
) -> None:
    """Of a PID only the certificate's subject is left, inside the stored result."""
    stored = b"".join(
        Path(f"{service.layout.sam / 'sam.db'}{part}").read_bytes()
        for part in ("", "-wal")
    )

    assert ASA.birthdate.encode() not in stored


@pytest.mark.processes
def test_the_web_tier_never_had_the_identity_number(
    service: Service, logs: str
) -> None:
    stored = b"".join(file.read_bytes() for file in service.layout.web.glob("app.db*"))

    assert PERSONAL["personal number"].encode() not in stored
    assert PERSONAL["birth date"].encode() not in stored
