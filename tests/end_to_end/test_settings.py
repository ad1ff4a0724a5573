"""The settings of the public contract, all of them other than their defaults."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.local.processes import running
from sam.client import connect
from tests.deployment import deployed
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from wallet_emulator.pid_provider import PidProvider


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> PidProvider:
    """A PID provider that the set-up does not know."""
    folder = tmp_path_factory.mktemp("foreign-provider")
    return PidProvider.setup(folder, datetime.now(UTC))


@pytest.fixture(scope="module")
def service(softhsm_module: Path, foreign: PidProvider) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="settings-") as name, ExitStack() as opened:
        folder = Path(name)
        anchors = folder / "anchors"
        anchors.mkdir()
        pem = foreign.ca.public_bytes(Encoding.PEM)
        (anchors / "foreign.pem").write_bytes(pem)
        settings = {
            "QES_PKCS11_MODULE": str(softhsm_module),
            "QES_PKCS11_TOKEN": "another label",
            "QES_PKCS11_PIN_FILE": str(folder / "secrets" / "user-pin"),
            "QES_DATABASE_URL": f"sqlite:///{folder / 'web.sqlite'}",
            "QES_SAM_DATABASE_URL": f"sqlite:///{folder / 'sam.sqlite'}",
            "QES_SAM_SOCKET": str(folder / "s"),
            "QES_PID_TRUST_ANCHORS": str(anchors),
            "QES_CLIENT_ID_PREFIX": "x509_san_dns",
            "QES_EGRESS_PRIVATE_HOSTS": '["lists.example"]',
            "QES_STATUS_LIST_URIS": '["https://lists.example/1"]',
        }
        layout = opened.enter_context(deployed(folder, lists=True, **settings))
        stack = opened.enter_context(running(layout))
        yield Service(layout, stack, connect(folder / "s"), opened)


@pytest.mark.processes
def test_a_person_of_an_added_pid_provider_signs(
    service: Service, foreign: PidProvider, tmp_path: Path
) -> None:
    signer = Signer(service, tmp_path, "asa", provider=foreign)

    returned = signer.answer(signer.approve())

    page = signer.browser.open(str(returned.redirect_uri))
    assert page.element("request-state").attribute("data-state") == "signed"


@pytest.mark.processes
def test_a_person_of_the_demos_provider_signs_too(
    service: Service, tmp_path: Path
) -> None:
    """Its PIDs have a status; that list is fetched beside those an operator names."""
    signer = Signer(service, tmp_path, "erika")

    returned = signer.answer(signer.approve())

    page = signer.browser.open(str(returned.redirect_uri))
    assert page.element("request-state").attribute("data-state") == "signed"


@pytest.mark.processes
def test_the_client_is_named_by_its_host(service: Service) -> None:
    assert service.sam.info().client_id == "x509_san_dns:localhost"


@pytest.mark.processes
def test_added_anchors_stand_beside_the_own_ones(service: Service) -> None:
    assert service.sam.info().pid_providers == ("demo-pid-provider", "foreign")
