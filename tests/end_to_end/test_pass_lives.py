"""A pass from its issuing to its end, over HTTP and through a browser's pages."""

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509

from app.local.processes import running
from sam.client import connect
from tests.deployment import deployed
from tests.end_to_end.conftest import Service
from tests.end_to_end.signer import Signer
from wallet_emulator.certificates import parse_x5c
from wallet_emulator.encoding import b64url_decode
from wallet_emulator.errors import IssuanceError
from wallet_emulator.wallet import SIGNING_PASS

METADATA = "/.well-known/openid-credential-issuer"
STATUS_LIST = "application/statuslist+jwt"


@pytest.fixture
def erika(service: Service, tmp_path: Path) -> Signer:
    return Signer(service, tmp_path, "erika")


@pytest.fixture(scope="module")
def demanding(
    tmp_path_factory: pytest.TempPathFactory, softhsm_module: Path
) -> Iterator[Service]:
    """A deployment where a wallet provider has to vouch for the key of every pass."""
    folder = tmp_path_factory.mktemp("demanding")
    with (
        deployed(
            folder,
            QES_PKCS11_MODULE=str(softhsm_module),
            QES_PASS_KEY_ATTESTATION="required",
            QES_PASS_KEY_STORAGE="iso_18045_moderate",
        ) as layout,
        running(layout) as stack,
        ExitStack() as opened,
    ):
        yield Service(layout, stack, connect(layout.socket), opened)


def verified(text: str, root: Path, typ: str) -> dict[str, Any]:
    """The claims, if the demo's root stands behind the chain in ``x5c``."""
    header = jwt.get_unverified_header(text)
    chain = parse_x5c(header["x5c"])
    anchor = x509.load_pem_x509_certificate(root.read_bytes())
    for issued, issuer in zip(chain, (*chain[1:], anchor), strict=True):
        issued.verify_directly_issued_by(issuer)
    assert header["typ"] == typ
    key: Any = chain[0].public_key()
    claims: dict[str, Any] = jwt.decode(text, key, ["ES256"])
    return claims


def listed(service: Service, signer: Signer) -> int:
    """What anybody can see of this person's pass, as the standard says to look."""
    held = signer.wallet.credential(SIGNING_PASS)
    assert held is not None
    place: Any = held.status
    place = place["status_list"]
    answer = service.http().get(place["uri"], headers={"Accept": STATUS_LIST})
    assert answer.headers["Content-Type"].startswith(STATUS_LIST)
    root = service.layout.demo / "trust-anchor.pem"
    said = verified(answer.text, root, "statuslist+jwt")
    assert said["sub"] == place["uri"]
    return _bit(said["status_list"]["lst"], place["idx"])


def _bit(packed: str, index: int) -> int:

    content = zlib.decompress(b64url_decode(packed))
    return content[index // 8] >> index % 8 & 1


def test_signed_metadata_says_what_the_json_says(service: Service) -> None:
    http, root = service.http(), service.layout.demo / "trust-anchor.pem"
    plain = http.get(service.base_url + METADATA).json()

    signed = http.get(
        service.base_url + METADATA, headers={"Accept": "application/jwt"}
    )

    assert signed.headers["Content-Type"].startswith("application/jwt")
    said = verified(signed.text, root, "openidvci-issuer-metadata+jwt")
    assert said.pop("sub") == service.base_url
    assert said.pop("exp") > said.pop("iat")
    assert said == plain


def test_a_lost_phones_pass_is_ended_on_two_pages(
    service: Service, erika: Signer
) -> None:
    assert listed(service, erika) == 0
    before = service.key_operations()
    session = erika.browser.open(f"{service.base_url}/session")
    passes = erika.browser.follow(session, "passes")
    asked = erika.browser.follow(passes, "end-pass")

    after = erika.browser.follow(asked, "end-passes-confirm")

    assert after.element("pass").attribute("data-state") == "revoked"
    assert listed(service, erika) == 1
    page = erika.approve()
    with pytest.raises(Exception, match="400"):
        erika.answer(page)
    waiting = erika.browser.open(page.url)
    assert waiting.find("identify") is not None  # get a new signing pass
    assert service.key_operations() == before


def test_a_vouched_for_wallet_walks_all_the_way(
    demanding: Service, tmp_path: Path
) -> None:
    walked = demanding.demo(tmp_path)

    assert walked.returncode == 0, walked.stdout + walked.stderr


def test_a_wallet_that_nobody_vouches_for_gets_no_pass(
    demanding: Service, tmp_path: Path
) -> None:
    with pytest.raises(IssuanceError, match="key attestation"):
        Signer(demanding, tmp_path, "asa")
