"""The web tier with everything around it: SAM peer, real documents child, TSA, CRLs."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import create_app
from app.ades.documents import Documents
from app.config import WebConfig
from app.database import upgrade
from app.web_secret import create_secret
from app.wiring import Parts, Peers
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki
from tests.app.page import Page
from tests.app.sam_peer import SamPeer


@dataclass
class Clock:
    """Stands still but for a microsecond per look, so that order is kept."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Outside:
    """The TSA and the CRL point; ``tsa_answers`` turns the first one off."""

    pki: Pki
    clock: Clock
    tsa_answers: bool = True
    asked: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, content=self.pki.issuing.crl(at=NOW, days=9))
        self.asked += 1
        if not self.tsa_answers:
            return httpx.Response(503)
        query = tsp.TimeStampReq.load(request.content)
        answer = self.pki.timestamper(self.clock()).request_tsa_response(query)
        return httpx.Response(
            200,
            content=answer.dump(),
            headers={"Content-Type": "application/timestamp-reply"},
        )


@dataclass
class Web:
    """One deployment: its application, its worker, and who it talks to."""

    app: Flask
    parts: Parts
    clock: Clock
    sam: SamPeer
    outside: Outside
    config: WebConfig
    peers: Peers

    @property
    def anchor(self) -> Path:
        return self.config.validation_anchors

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def without_cross_device(self) -> FlaskClient:
        """A browser of the same deployment where two screens are switched off."""
        config = self.config.model_copy(update={"cross_device": False})
        return create_app(config, self.peers).test_client()

    def wallet_posts(self, page: Page, body: str) -> httpx.Response:
        """What a wallet does with the link on a page; no browser's cookie with it."""
        return self.wallet_posts_to(tx_of(page), body)

    def wallet_posts_to(self, tx: str, body: str) -> httpx.Response:
        http = httpx.Client(
            transport=httpx.WSGITransport(self.app), base_url="http://localhost:8000"
        )
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return http.post(f"/oid4vp/response/{tx}", content=body, headers=form)

    def database(self) -> Session:
        return Session(self.parts.database.engine)


def tx_of(page: Page) -> str:
    link = urlsplit(page.get("wallet-link").attributes["href"])
    return parse_qs(link.query)["request_uri"][0].rsplit("/", 1)[-1]


def returning(answer: httpx.Response) -> str:
    """Path and query of the redirect_uri, as the browser opens it."""
    uri = urlsplit(answer.json()["redirect_uri"])
    return f"{uri.path}?{uri.query}"


def response_code(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.json()["redirect_uri"]).query)["response_code"][0]


def upload(
    client: FlaskClient, content: bytes | None = None, name: str = "lease.pdf"
) -> Page:
    start = Page(client.get("/"))
    file = (io.BytesIO(pdfs.plain() if content is None else content), name)
    return start.submit(client, "upload-submit", document=file)


def identify(web: Web, client: FlaskClient, ready: Page) -> Page:
    """The whole of walk A; the page the wallet brings the person back to."""
    asked = ready.submit(client, "identify")
    answer = web.wallet_posts(asked, "response=identified")
    return Page(client.get(returning(answer)))


def request_path(page: Page) -> str:
    return page.response.request.path


@pytest.fixture(scope="session")
def pki() -> Pki:
    return Pki()


@pytest.fixture(scope="session")
def documents() -> Iterator[Documents]:
    """The real one, with its confined children."""
    documents = Documents()
    yield documents
    documents.close()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated file, made once by the migrations themselves."""
    file = tmp_path_factory.mktemp("schema") / "app.db"
    upgrade(f"sqlite:///{file}")
    return file.read_bytes()


@dataclass(frozen=True)
class World:
    """What many deployments may share: slow to make, and nothing writes to it."""

    pki: Pki
    documents: Documents
    empty_database: bytes

    def config(self, folder: Path) -> WebConfig:
        anchor = folder / "root.pem"
        root = self.pki.root.certificate
        anchor.write_bytes(root.public_bytes(Encoding.PEM))
        (folder / "app.db").write_bytes(self.empty_database)
        create_secret(folder / "secret")
        return WebConfig(
            database_url=f"sqlite:///{folder / 'app.db'}",
            secret_file=folder / "secret",
            documents_dir=folder / "documents",
            validation_anchors=anchor,
        )

    @contextmanager
    def web(self, config: WebConfig) -> Iterator[Web]:
        clock = Clock()
        sam = SamPeer(clock, self.pki)
        outside = Outside(self.pki, clock)
        http = httpx.Client(transport=httpx.MockTransport(outside))
        peers = Peers(
            sam=sam.client(), documents=self.documents, http=http, clock=clock
        )
        app = create_app(config, peers)
        parts = Parts(config, peers)
        yield Web(app, parts, clock, sam, outside, config, peers)
        parts.database.close()
        app.extensions["parts"].database.close()


@pytest.fixture(scope="session")
def world(pki: Pki, documents: Documents, empty_database: bytes) -> World:
    return World(pki, documents, empty_database)


@pytest.fixture
def config(tmp_path: Path, world: World) -> WebConfig:
    return world.config(tmp_path)


@pytest.fixture
def web(config: WebConfig, world: World) -> Iterator[Web]:
    with world.web(config) as web:
        yield web


@pytest.fixture
def client(web: Web) -> FlaskClient:
    return web.browser()
