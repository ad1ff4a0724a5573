"""The one place where the web tier's parts are put together.

``Peers`` are what lies outside of this process or of its control; tests pass others.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from flask import Flask

from app import faults
from app.ades.documents import Documents, Limits
from app.config import WebConfig
from app.database import Database
from app.egress import AllowedHosts, Egress
from app.identify_alone.service import LoneIdentification
from app.identify_alone.views import LonePages, identify_alone_blueprint
from app.oauth.authorizations import Authorizations
from app.oauth.authorize_views import authorize_blueprint
from app.oauth.resource import ProtectedResource
from app.oauth.server import OneServer
from app.oauth.tokens import Tokens
from app.oauth.views import oauth_blueprint
from app.oauth.wallet_policy import policy_of
from app.pages import Readiness, StartPage, pages_blueprint
from app.plans.free_tier import FreeTier
from app.plans.policy import load as load_policy
from app.plans.views import plans_blueprint
from app.problems import init_problems
from app.signers.exchanges import Exchanges
from app.signers.identification import Identification
from app.signers.issuance import Issuance
from app.signers.offers import Offers
from app.signers.passes import SigningPasses
from app.signers.passes_views import passes_blueprint, status_list_blueprint
from app.signers.sessions import BrowserSessions
from app.signers.views import issuance_blueprint
from app.signers.wallet_kinds import WalletKinds
from app.signing.approval import Approvals
from app.signing.browser_views import BrowserPages, browser_blueprint
from app.signing.completion import Completion
from app.signing.confirmation import Confirmation
from app.signing.delivery import Delivery
from app.signing.downloads import downloads_blueprint
from app.signing.exchange import Relay
from app.signing.files import DocumentFiles
from app.signing.handover import Handovers
from app.signing.handover_views import HandoverPages, handover_blueprint
from app.signing.intake import Intake
from app.signing.phone import Phone
from app.signing.reading import Reading
from app.signing.reading_views import reading_blueprint
from app.signing.request_pages import SigningPages
from app.signing.return_views import ReturnPages, return_blueprint
from app.signing.session_views import session_blueprint
from app.signing.shown import Shower
from app.signing.signer_steps import SignerSteps
from app.signing.states import SHOWN, State
from app.signing.sweep import Sweeper
from app.signing.time_stamps import TimeStamps
from app.signing.views import signing_blueprint
from app.signing.wallet_tile import Tiles
from app.signing.wallet_views import wallet_blueprint
from app.status_fetching import StatusFetching
from app.verification.signed_file import SignedFiles
from app.verification.validation_trust import ValidationTrust
from app.verification.views import VerificationPages, verification_blueprint
from app.web.browser import BrowserDoor
from app.web.headers import init_headers
from app.web_secret import load_secret
from sam.client import SamClient, connect, connect_tls

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OUTGOING_TIMEOUT_SECONDS = 10.0
MAX_FORM_MEMORY = 128 * 1024
MAX_FORM_PARTS = 16
FORM_OVERHEAD = 64 * 1024


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    sam: SamClient
    documents: Documents
    http: httpx.Client
    clock: Callable[[], datetime] = field(default=utc_now)


def peers_of(config: WebConfig) -> Peers:
    """The real ones; to be called after the fork."""
    faults.arm(config.fault_file)
    return Peers(
        sam=sam_of(config),
        documents=Documents(Limits(max_bytes=config.max_upload_bytes)),
        http=httpx.Client(timeout=OUTGOING_TIMEOUT_SECONDS, follow_redirects=False),
    )


def sam_of(config: WebConfig) -> SamClient:
    """By the socket, or by TLS where nodes are named."""
    certificate, key = config.sam_client_certificate, config.sam_client_key
    if not config.sam_urls or not (certificate and key and config.sam_authority):
        return connect(config.sam_socket)
    return connect_tls(config.sam_urls, certificate, key, config.sam_authority)


class Parts:
    """Every service of the web tier, made once per process."""

    def __init__(self, config: WebConfig, peers: Peers) -> None:
        clock, sam = peers.clock, peers.sam
        secret = load_secret(config.secret_file)
        self.database = database = Database(config.database_url)
        self.files = files = DocumentFiles(config.documents_dir)
        self.time_stamps = stamps = TimeStamps(config.tsa_url, peers.http, clock)
        rule = config.free_tier_policy
        policy = None if rule is None else load_policy(rule)
        self.free_tier = free_tier = FreeTier(database, sam, policy, clock)
        self.sessions = sessions = BrowserSessions(
            database, clock, config.browser_session_lifetime
        )
        self.offers = offers = Offers(database, secret, clock, config.base_url)
        self.exchanges = exchanges = Exchanges(database, sam, secret, clock)
        kinds = WalletKinds(database, sam, config.wallet_profile)
        self.identification = Identification(database, sam, exchanges, kinds)
        self.confirmation = Confirmation(database, sessions, offers, secret, clock)
        self.intake = Intake(
            database=database,
            files=files,
            documents=peers.documents,
            free_tier=free_tier,
            clock=clock,
            lifetime=config.request_lifetime,
            max_documents=config.max_documents,
        )
        self.reading = Reading(files, peers.documents)
        self.tiles = Tiles(
            database=database,
            base_url=config.base_url,
            demo_wallet_url=config.demo_wallet_url,
            clock=clock,
        )
        self.approvals = approvals = Approvals(
            database=database,
            files=files,
            sam=sam,
            sessions=sessions,
            exchanges=exchanges,
            free_tier=free_tier,
            kinds=kinds,
            clock=clock,
        )
        trust = ValidationTrust(
            config.validation_anchors, config.crl_urls, peers.http, clock
        )
        self.delivery = Delivery(
            database=database,
            files=files,
            sam=sam,
            approvals=approvals,
            completion=Completion(files, peers.documents, stamps, trust, clock),
            time_stamps=stamps,
            free_tier=free_tier,
            clock=clock,
        )
        self.relay = Relay(
            database=database,
            sam=sam,
            secret=secret,
            time_stamps=stamps,
            approvals=approvals,
            free_tier=free_tier,
            clock=clock,
            base_url=config.base_url,
        )
        self.steps = SignerSteps(
            database=database,
            identification=self.identification,
            approvals=approvals,
            exchanges=exchanges,
            confirmation=self.confirmation,
            delivery=self.delivery,
            free_tier=free_tier,
            kinds=kinds,
            clock=clock,
        )
        self.lone_identification = LoneIdentification(
            database=database,
            sam=sam,
            exchanges=exchanges,
            confirmation=self.confirmation,
            clock=clock,
            kinds=kinds,
            make_room=self.steps.make_room,
        )
        self.phone = Phone(
            database=database,
            approvals=approvals,
            exchanges=exchanges,
            sessions=sessions,
            confirmation=self.confirmation,
            clock=clock,
        )
        self.handovers = Handovers(
            database=database,
            approvals=approvals,
            identification=self.identification,
            secret=secret,
            clock=clock,
            base_url=config.base_url,
        )
        self.shower = Shower(
            clock=clock,
            retention=config.retention,
            tiles=self.tiles,
            reading=self.reading,
            confirmation=self.confirmation,
            free_tier=free_tier,
            kinds=kinds,
        )
        self.signed_files = SignedFiles(
            documents=peers.documents, trust=trust, clock=clock
        )
        self.sam = sam
        self.issuance = Issuance(sam, database, clock)
        self.passes = SigningPasses(sam, sessions, clock)
        self.tokens = tokens = Tokens(database, clock)
        self.oauth = OneServer(
            authorizations=Authorizations(database, clock),
            tokens=tokens,
            policy=policy_of(
                attestation=config.wallet_attestation,
                anchors=config.wallet_provider_anchors,
                needs_dpop=config.wallet_dpop_required,
            ),
            base_url=config.base_url,
            clock=clock,
        )
        self.access = ProtectedResource(database, tokens, config.base_url, clock)
        self.readiness = Readiness(database=database, sam=sam, time_stamps=stamps)
        self.sweeper = Sweeper(
            database=database,
            files=files,
            approvals=approvals,
            delivery=self.delivery,
            free_tier=free_tier,
            clock=clock,
            retention=config.retention,
        )
        self.status_fetching = StatusFetching(sam, _egress(config), clock)

    def round_of_work(self) -> None:
        """What the worker does again and again."""
        self.sweeper.round()
        self.lone_identification.forget()
        self.status_fetching.round()


def _egress(config: WebConfig) -> Egress:
    return Egress(
        AllowedHosts(
            public=frozenset(config.egress_hosts),
            private=frozenset(config.egress_private_hosts),
            http_on_loopback=config.on_loopback,
        )
    )


def build(config: WebConfig, peers: Peers) -> Flask:
    parts = Parts(config, peers)
    app = Flask("app", template_folder="web/templates", static_folder="web/static")
    app.extensions["parts"] = parts
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_upload_bytes + FORM_OVERHEAD,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
    )
    app.jinja_env.globals.update(SHOWN=SHOWN, State=State, dc_api=config.dc_api)
    app.wsgi_app = FixedOrigin(  # type: ignore[method-assign,assignment]
        app.wsgi_app, config.base_url
    )
    door = BrowserDoor(parts.sessions, config.secure)
    door.init_app(app)
    init_headers(app, config.base_url, dc_api=config.dc_api)
    init_problems(app)
    _register(app, config, parts, door)
    return app


def _register(app: Flask, config: WebConfig, parts: Parts, door: BrowserDoor) -> None:
    signing = SigningPages(
        database=parts.database,
        door=door,
        intake=parts.intake,
        steps=parts.steps,
        shower=parts.shower,
        handovers=parts.handovers,
    )
    returns = ReturnPages(
        door=door,
        confirmation=parts.confirmation,
        delivery=parts.delivery,
        offers=parts.offers,
        passes=parts.passes,
        phone=parts.phone,
        tiles=parts.tiles,
        cross_device=config.cross_device,
    )
    start = StartPage(
        door=door,
        database=parts.database,
        free_tier=parts.free_tier,
        clock=parts.shower.clock,
        max_megabytes=config.max_upload_bytes // 1_000_000,
        max_documents=config.max_documents,
    )
    for blueprint in (
        pages_blueprint(start, parts.readiness),
        session_blueprint(door, parts.sessions, parts.database, parts.shower.clock),
        signing_blueprint(signing),
        reading_blueprint(signing, parts.reading, parts.files),
        downloads_blueprint(signing, parts.files),
        handover_blueprint(HandoverPages(signing=signing, handovers=parts.handovers)),
        return_blueprint(returns),
        identify_alone_blueprint(_lone_pages(config, parts, door)),
        plans_blueprint(parts.free_tier),
        verification_blueprint(
            VerificationPages(
                door=door,
                files=parts.signed_files,
                max_upload_bytes=config.max_upload_bytes,
            )
        ),
        wallet_blueprint(parts.relay),
        browser_blueprint(
            BrowserPages(
                signing=signing,
                relay=parts.relay,
                alone=parts.lone_identification,
                offered=config.dc_api,
                alone_offered=config.identification_alone,
            )
        ),
        oauth_blueprint(parts.oauth),
        authorize_blueprint(parts.oauth, door),
        issuance_blueprint(parts.issuance, parts.access, parts.sam, config.base_url),
        passes_blueprint(door, parts.passes),
        status_list_blueprint(parts.sam),
    ):
        app.register_blueprint(blueprint)


def _lone_pages(config: WebConfig, parts: Parts, door: BrowserDoor) -> LonePages:
    return LonePages(
        door=door,
        identification=parts.lone_identification,
        tiles=parts.tiles,
        offered=config.identification_alone,
    )


class FixedOrigin:
    """Our address is configured; a Host header has no say in it (threat WB7)."""

    def __init__(self, app: "WSGIApplication", base_url: str) -> None:
        parts = urlsplit(base_url)
        self._app = app
        self._scheme = parts.scheme
        self._host = parts.netloc

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = self._scheme
        environ["HTTP_HOST"] = self._host
        return self._app(environ, start)
