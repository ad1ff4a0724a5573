"""Mutual TLS between a web tier and a SAM on another host.

Both sides trust one authority, made for this link and nothing else, and each knows the
names of the other: who has any other certificate, also of this authority, is refused
before a byte of a call is read. TLS 1.3 only. Sessions are not resumed, so that each
connection shows its certificate again; certificates are short-lived, there is no list
of revoked ones.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HANDSHAKE_SECONDS: Final = 3.0
"""All of it: the process serves nobody else meanwhile."""


class PeerRefusedError(Exception):
    """No handshake, or one with somebody else."""

    code = "peer_refused"


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM files: our chain, leaf first; its key; the authority of the other side."""

    certificate: Path
    key: Path
    authority: Path


def client_context(own: Credentials) -> ssl.SSLContext:
    """The server's certificate must be for the host of the address (RFC 9525)."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, own)


@dataclass(frozen=True, slots=True)
class Door:
    """Where connections become TLS. ``admitted``: DNS names of clients."""

    context: ssl.SSLContext
    admitted: Collection[str]

    @classmethod
    def of(cls, own: Credentials, admitted: Collection[str]) -> "Door":
        context = _context(ssl.PROTOCOL_TLS_SERVER, own)
        context.verify_mode = ssl.CERT_REQUIRED
        context.num_tickets = 0
        return cls(context, frozenset(admitted))

    def let_in(self, client: socket.socket) -> ssl.SSLSocket:
        """Take over ``client``; raise ``PeerRefusedError`` with nothing left open."""
        try:
            secured = self.context.wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
        except OSError as error:
            client.close()
            raise PeerRefusedError(str(error)) from error
        try:
            _shake_hands(secured)
            self._check_name(secured)
        except OSError as error:
            secured.close()
            raise PeerRefusedError(str(error)) from error
        except PeerRefusedError:
            secured.close()
            raise
        return secured

    def _check_name(self, secured: ssl.SSLSocket) -> None:
        """A DNS name of its subjectAltName; the common name says nothing."""
        certificate: Mapping[str, Any] = secured.getpeercert() or {}
        alternatives = certificate.get("subjectAltName", ())
        names = {name for kind, name in alternatives if kind == "DNS"}
        if names.isdisjoint(self.admitted):
            raise PeerRefusedError(f"nobody we know: {sorted(names)}")


def _context(side: int, own: Credentials) -> ssl.SSLContext:
    """No authority but ours: not the machine's either."""
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cafile=own.authority)
    context.load_cert_chain(own.certificate, own.key)
    return context


def _shake_hands(secured: ssl.SSLSocket) -> None:
    """With one deadline over all reads: a peer that sends a byte now and then would
    never run into a time limit on each."""
    until = time.monotonic() + HANDSHAKE_SECONDS
    secured.setblocking(False)
    while (waits_for := _step(secured)) is not None:
        with selectors.DefaultSelector() as selector:
            selector.register(secured, waits_for)
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError("the handshake takes too long")
    secured.setblocking(True)


def _step(secured: ssl.SSLSocket) -> int | None:
    """What the handshake has to wait for; None if it is over."""
    try:
        secured.do_handshake()
    except ssl.SSLWantReadError:
        return selectors.EVENT_READ
    except ssl.SSLWantWriteError:
        return selectors.EVENT_WRITE
    return None
