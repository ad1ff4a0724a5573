from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.local.processes import running
from sam.client import connect
from tests.deployment import deployed
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from tests.relay.scene import VICTIMS_DOCUMENT, Scene, Victim
from tests.relay.visitor import Visitor


@pytest.fixture(scope="package")
def service(
    tmp_path_factory: pytest.TempPathFactory, softhsm_module: Path
) -> Iterator[Service]:
    """Every process, on ports of its own: the counts are of this suite alone."""
    folder = tmp_path_factory.mktemp("relay")
    with (
        deployed(folder, QES_PKCS11_MODULE=str(softhsm_module)) as layout,
        running(layout) as stack,
        ExitStack() as opened,
    ):
        yield Service(layout, stack, connect(layout.socket), opened)


@pytest.fixture(scope="package")
def asa(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(service, tmp_path_factory.mktemp("asa"), "asa")


@pytest.fixture(scope="package")
def accomplice(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """The attacker's own wallet: he is a person with PID and pass too."""
    return Signer(service, tmp_path_factory.mktemp("erika"), "erika")


@pytest.fixture(scope="package")
def home(service: Service, asa: Signer) -> Visitor:
    """The victim's own browser: identified, with a document that waits."""
    home = Visitor(service)
    page = home.press(home.upload(VICTIMS_DOCUMENT), "identify")
    assert home.open(str(asa.answer(page).redirect_uri)).find("offer-link")
    return home


@pytest.fixture
def scene(service: Service, asa: Signer, accomplice: Signer, home: Visitor) -> Scene:
    """The attacker has done nothing yet."""
    return Scene(
        service=service,
        victim=Victim(signer=asa, phone=Visitor(service), home=home),
        attacker=Visitor(service),
        accomplice=accomplice,
    )
