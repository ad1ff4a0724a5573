"""``qes doctor``: what holds on this machine and what does not, in sentences.

It asks the very parts the web tier uses. Isolation of the SAM is judged by the one
thing visible from here: whether its socket belongs to another OS user than ours.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from app.ades.documents import Documents
from app.ades.errors import AdesError
from app.config import WebConfig
from app.database import Database
from app.plans.policy import UnusablePolicyError
from app.plans.policy import load as load_policy
from app.signing.time_stamps import TimeStamps
from app.web_secret import SecretFileError, load_secret
from sam import messages as m
from sam.client import SamClient
from sam.errors import NoPolicyError, SamError, UnknownHandleError

if TYPE_CHECKING:
    from app.wiring import Peers

NO_HANDLE: Final = "A" * 43


@dataclass(frozen=True, slots=True)
class Finding:
    """``holds`` is None where it is a fact and neither good nor bad."""

    subject: str
    says: str
    holds: bool | None = None


def examine(config: WebConfig, peers: "Peers") -> Iterator[Finding]:
    yield _sam(peers.sam)
    yield from trust(peers.sam)
    yield from wallets(config, peers.sam)
    yield _by_tls() if config.sam_urls else isolation(config.sam_socket)
    yield _documents(peers.documents)
    database = Database(config.database_url)
    yield _asked("database", config.database_url.split(":")[0], database.ping)
    database.close()
    stamps = TimeStamps(config.tsa_url, peers.http, peers.clock)
    yield _asked("time stamps", config.tsa_url, stamps.probe)
    yield _asked("secret", str(config.secret_file), partial(_secret, config))
    yield _free_tier(config, peers)
    yield Finding("legal effect", "none: test mode, and nothing turns it off")


def isolation(socket: Path) -> Finding:
    """Without it, whoever owns the web tier can read the PIN and the token."""
    try:
        owner = socket.stat().st_uid
    except OSError as error:
        return Finding("SAM isolation", f"unknown: {error.strerror}", holds=False)
    if owner == os.geteuid():
        return Finding(
            "SAM isolation",
            "OFF (one OS user runs all: fit for a demo, not for service)",
            holds=False,
        )
    return Finding(
        "SAM isolation", "ON (it runs under an OS user of its own)", holds=True
    )


def _by_tls() -> Finding:
    return Finding("SAM isolation", "not to be seen from here: it is reached by TLS")


def _sam(sam: SamClient) -> Finding:
    try:
        info = sam.info()
    except SamError as error:
        return Finding("SAM", f"does not answer ({error})", holds=False)
    trusted = ", ".join(info.pid_providers) or "nobody"
    says = f"{info.device}; trusts PIDs of {trusted}; {info.audit_sequence} records"
    return Finding("SAM", says, holds=bool(info.pid_providers))


def trust(sam: SamClient) -> Iterator[Finding]:
    """Each trust list's state, and what of the SAM's trust ends within 30 days."""
    try:
        info = sam.info()
    except SamError:
        return  # said by the finding before
    for source in info.trust_sources:
        subject = f"trust list {source.name}"
        says = f"{source.state}: {source.says}; {source.providers} providers"
        yield Finding(subject, says, holds=source.state == "fresh")
    if not info.trust_sources:
        yield Finding("trust lists", "none: only the SAM's files of anchors count")
    ending = [e for e in info.expiries if e.level != "ok"]
    for expiry in ending:
        yield Finding(expiry.level, _ends(expiry), holds=False)
    if not ending:
        yield Finding("expiry", _soonest(info.expiries), holds=True)


def wallets(config: WebConfig, sam: SamClient) -> Iterator[Finding]:
    """Which kinds of wallets are asked, and what is asked that is not registered."""
    try:
        info = sam.info()
    except SamError:
        return  # said by the finding before
    names = [kind.name for kind in info.profiles]
    yield Finding("wallet profiles", ", ".join(names), holds=bool(names))
    if config.wallet_profile is not None and config.wallet_profile not in names:
        says = f"{config.wallet_profile} is not one of the SAM's profiles"
        yield Finding("wallet profile", says, holds=False)
    for state in info.registration:
        subject = f"registration certificate {state.purpose}"
        if state.not_registered:
            listed = ", ".join(state.not_registered)
            says = f"not registered, and wallets warn of it: {listed}"
            yield Finding(subject, says, holds=False)
        else:
            yield Finding(subject, "lists every claim that is asked", holds=True)


def _ends(expiry: m.Expiry) -> str:
    if expiry.ends_at is None:
        return expiry.subject
    return f"{expiry.subject}: {expiry.ends_at:%Y-%m-%d}"


def _soonest(expiries: Sequence[m.Expiry]) -> str:
    dated = [e for e in expiries if e.ends_at is not None]
    if not dated:
        return "nothing that the SAM holds has an end"
    return f"nothing ends soon; first {_ends(dated[0])}"


def _documents(documents: Documents) -> Finding:
    try:
        confinement = documents.confinement()
    except AdesError as error:
        return Finding("documents child", str(error), holds=False)
    if confinement.missing:
        missing = ", ".join(confinement.missing)
        return Finding("documents child", f"not enforced here: {missing}", holds=False)
    enforced = ", ".join(confinement.enforced)
    return Finding("documents child", f"confined: {enforced}", holds=True)


def _secret(config: WebConfig) -> None:
    load_secret(config.secret_file)


def _asked(subject: str, what: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except (AdesError, SQLAlchemyError, SecretFileError) as error:
        return Finding(subject, f"{what}: {type(error).__name__}", holds=False)
    return Finding(subject, what, holds=True)


def _free_tier(config: WebConfig, peers: "Peers") -> Finding:
    """Asks the SAM about a handle that cannot exist: only the rule is looked for."""
    if config.free_tier_policy is None:
        return Finding("free signatures", "no rule set: nothing is limited or counted")
    try:
        policy = load_policy(config.free_tier_policy)
        period = policy.period_of(peers.clock()).name
        peers.sam.quota_tag(
            m.QuotaTag(policy=policy.id, period=period, handle=NO_HANDLE)
        )
    except UnknownHandleError:
        return Finding("free signatures", f"{policy.id} {policy.version}", holds=True)
    except NoPolicyError:
        return Finding("free signatures", "the SAM holds another rule", holds=False)
    except (UnusablePolicyError, SamError) as error:
        return Finding("free signatures", str(error), holds=False)
    return Finding("free signatures", "the SAM knows a handle of zeros", holds=False)
