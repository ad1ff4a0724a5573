"""Make a local deployment, once: authorities, PID provider, SAM, database.

    1. trust services: root, issuing CA, access CA, TSA
    2. the emulator's PID provider, whose CA becomes the SAM's PID anchor; on loopback
       it publishes which of its PIDs it revoked; its wallet provider likewise, where
       somebody has to vouch for the keys of passes
    3. the SAM: token, keys, certificate requests, database
    4. each request certified by the authority it is for
    5. the web tier: its secret, its database
    6. the free tier's policy, the same file for the SAM and the web tier
    7. for https: a certificate authority of this machine's own, a server certificate

Each step is a program of its own under its own settings, run as an operator would run
it; all of them change nothing the second time.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.local.layout import POLICY, Layout, program
from app.local.tls import make_certificates
from app.trust_services.errors import SetupError
from app.web_secret import create_secret

SERVICE_KEYS = ("registration-authority", "request-signing", "pass-issuing")


class SetupFailedError(Exception):
    """A program of the set-up refused; the message is what it said."""

    code = "setup_failed"


def set_up(layout: Layout, say: Callable[[str], None]) -> None:
    layout.root.mkdir(mode=0o755, parents=True, exist_ok=True)
    for folder in (layout.web, layout.wallet):
        folder.mkdir(mode=0o700, exist_ok=True)
    _trust_services(layout)
    say("demo authorities: root, issuing CA, time stamps, access certificates")
    _pid_provider(layout)
    say("test PID provider, trusted by the SAM")
    if layout.config.pass_key_attestation != "off":  # noqa: S105
        _wallet_provider(layout)
        say("test wallet provider, trusted by the SAM")
    _run(layout, [program("sam"), "setup"])
    _certify(layout)
    say("SAM: token, PIN file, keys, certificates, database")
    create_secret(layout.web / "secret")
    _run(layout, [program("qes"), "db", "upgrade"])
    _free_tier(layout)
    say("web tier: secret, database")
    if layout.tls is not None:
        _certificates(layout)
        say("https: certificate authority and server certificate of this machine")


def _trust_services(layout: Layout) -> None:
    _run(
        layout,
        [
            *_authority("setup", layout),
            "--est-url",
            layout.config.est_url,
            "--public-url",
            layout.config.public_url,
        ],
    )
    root = layout.trust_services / "root.pem"
    _hand_over(root, layout.sam / "ca-anchor.pem")
    _hand_over(root, layout.web / "validation-anchor.pem")
    _hand_over(root, layout.demo / "trust-anchor.pem")
    _hand_over(
        layout.trust_services / "access-ca.pem", layout.wallet / "access-root.pem"
    )


def _pid_provider(layout: Layout) -> None:
    wallet = [program("wallet-emulator"), "pid-provider", "setup"]
    lists = ["--lists-url", layout.lists_url or ""]
    _run(layout, [*wallet, "--directory", str(layout.wallet), *lists])
    _hand_over(
        layout.wallet / "pid-ca.pem",
        layout.sam / "anchors" / "pid" / "demo-pid-provider.pem",
    )


def _wallet_provider(layout: Layout) -> None:
    wallet = [program("wallet-emulator"), "wallet-provider"]
    _run(layout, [*wallet, "--directory", str(layout.wallet)])
    _hand_over(
        layout.wallet / "wallet-provider-ca.pem",
        layout.sam / "anchors" / "wallet-providers" / "demo-wallet-provider.pem",
    )


def _free_tier(layout: Layout) -> None:
    for file in layout.free_tier.values():
        if not file.exists():
            shutil.copyfile(POLICY, file)


def _certificates(layout: Layout) -> None:
    if layout.tls is None:
        return
    try:
        make_certificates(layout.tls, layout.config.host, datetime.now(UTC))
    except SetupError as error:
        raise SetupFailedError(str(error)) from error


def _certify(layout: Layout) -> None:
    for key in SERVICE_KEYS:
        certificate = layout.sam / "certificates" / f"{key}.pem"
        if certificate.exists():
            continue
        request = layout.sam / "csr" / f"{key}.csr"
        files = ["--csr", str(request), "--out", str(certificate)]
        files += ["--host", layout.config.host]
        _run(layout, [*_authority("certify", layout), "--profile", key, *files])


def _authority(act: str, layout: Layout) -> list[str]:
    programs = [program("qes"), "trust-services", act]
    return [*programs, "--directory", str(layout.trust_services)]


def _hand_over(source: Path, target: Path) -> None:
    """A public certificate goes from one party's folder to another's."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _run(layout: Layout, command: Sequence[str]) -> None:
    done = subprocess.run(  # noqa: S603 — our own programs, no shell
        command,
        env=layout.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        name = " ".join([Path(command[0]).name, *command[1:3]])
        raise SetupFailedError(f"`{name}` failed:\n{done.stderr.strip()}")
