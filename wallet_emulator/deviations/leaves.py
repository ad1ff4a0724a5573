"""Certificates no credential should be believed under, each genuine but for one thing.

All are issued by the test CA itself (or by what it issued), so that only the named
rule of RFC 5280, HAIP 1.0 §6.1.1 or the PID profile can refuse them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from wallet_emulator.certificates import issue_signer, key_usage
from wallet_emulator.keys import new_key
from wallet_emulator.pid_provider import ISSUER, PidProvider

_LIFE: Final = timedelta(days=30)
_UNKNOWN: Final = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A key and the chain that is shown for it, leaf first."""

    chain: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey = field(repr=False)


MakeLeaf: TypeAlias = Callable[[PidProvider, datetime], Leaf]


def _expired(provider: PidProvider, now: datetime) -> Leaf:
    return _leaf(provider, valid=(now - 2 * _LIFE, now - _LIFE))


def _not_yet_valid(provider: PidProvider, now: datetime) -> Leaf:
    return _leaf(provider, valid=(now + _LIFE, now + 2 * _LIFE))


def _without_key_usage(provider: PidProvider, now: datetime) -> Leaf:
    return _leaf(provider, valid=_current(now), usage=None)


def _for_key_agreement(provider: PidProvider, now: datetime) -> Leaf:
    return _leaf(provider, valid=_current(now), usage="key_agreement")


def _that_is_a_ca(provider: PidProvider, now: datetime) -> Leaf:
    return _leaf(provider, valid=_current(now), ca=True)


def _with_unknown_critical(provider: PidProvider, now: datetime) -> Leaf:
    extension = x509.UnrecognizedExtension(_UNKNOWN, b"\x05\x00")
    return _leaf(provider, valid=_current(now), critical=extension)


def _below_the_signer(provider: PidProvider, now: datetime) -> Leaf:
    """The genuine document signer plays CA."""
    key = new_key()
    leaf = issue_signer(
        provider.signer.subject,
        key.public_key(),
        issuer=provider.signer,
        issuer_key=provider.signer_key,
        uri=ISSUER,
        now=now,
        life=_LIFE,
    )
    return Leaf(chain=(leaf, provider.signer), key=key)


WRONG_LEAVES: Final[Mapping[str, tuple[str, MakeLeaf]]] = {
    "certificate-expired": ("the issuer's certificate expired a month ago", _expired),
    "certificate-not-yet-valid": (
        "the issuer's certificate becomes valid next month",
        _not_yet_valid,
    ),
    "certificate-without-key-usage": (
        "the issuer's certificate does not say what its key is for",
        _without_key_usage,
    ),
    "certificate-for-key-agreement": (
        "the issuer's certificate is for key agreement, not for signatures",
        _for_key_agreement,
    ),
    "certificate-of-a-ca": (
        "the issuer's certificate is that of a CA",
        _that_is_a_ca,
    ),
    "certificate-unknown-critical": (
        "the issuer's certificate has a critical extension nobody knows",
        _with_unknown_critical,
    ),
    "certificate-below-a-signer": (
        "the issuer's certificate was issued by a document signer, which is no CA",
        _below_the_signer,
    ),
}


def _current(now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(hours=1), now + _LIFE


def _leaf(
    provider: PidProvider,
    *,
    valid: tuple[datetime, datetime],
    usage: str | None = "digital_signature",
    ca: bool = False,
    critical: x509.ExtensionType | None = None,
) -> Leaf:
    key = new_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(provider.signer.subject)
        .issuer_name(provider.ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_authority(provider), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(key_usage(usage), critical=True)
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    return Leaf(chain=(builder.sign(provider.ca_key, SHA256()),), key=key)


def _authority(provider: PidProvider) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(provider.ca.public_key())  # type: ignore[arg-type]  # P-256 here
