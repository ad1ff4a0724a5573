"""What a kind of wallet makes of a question: query, registration, and what it is told.

A transaction takes its profile along from the moment it is opened: the same wallet
gets the same question when it asks again, after a restart and after the operator
changed the list.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509

from openid4vp import base64url
from openid4vp.dcql import CredentialQuery, DcqlQuery, TrustedAuthority
from openid4vp.profile import Profile
from openid4vp.request import Transaction
from openid4vp.trusted_authorities import MAX_VALUES
from sam import approvals, registration
from sam import errors as refused
from sam import messages as m
from sam.module import Sam
from sam.pid import pid_queries
from sam.trust.categories import Category

_REGISTERED_AS: Final = {m.Purpose.IDENTIFY_ALONE: m.Purpose.IDENTIFY}


def profile_named(sam: Sam, name: str | None) -> Profile:
    """The first of the operator's list where none is named."""
    if name is None:
        return next(iter(sam.profiles.values()))
    if name not in sam.profiles:
        raise refused.UnknownProfileError("no such profile")
    return sam.profiles[name]


def identification_query(
    sam: Sam, profile: Profile, rules: Sequence[m.MatchRule] = ()
) -> DcqlQuery:
    return approvals.identification_query(_pids(sam, profile, rules))


def approval_query(sam: Sam, profile: Profile) -> DcqlQuery:
    return approvals.approval_query(_pids(sam, profile), sam.config.pass_type)


def in_the_manner_of(
    profile: Profile, asked: Transaction, sam: Sam, purpose: m.Purpose
) -> Transaction:
    """The same question with the profile, and with our registration for it."""
    registered = sam.registrations.get(_REGISTERED_AS.get(purpose, purpose))
    return dataclasses.replace(
        asked,
        profile=profile,
        verifier_info=registration.verifier_info(registered, profile, sam.clock()),
    )


def offered(sam: Sam) -> tuple[m.OfferedProfile, ...]:
    return tuple(
        m.OfferedProfile(name=name, title=profile.title)
        for name, profile in sam.profiles.items()
    )


def registration_states(sam: Sam) -> tuple[m.RegistrationState, ...]:
    """Of each certificate held: its end, and what the first profile asks beyond it."""
    profile = profile_named(sam, None)
    queries = {
        m.Purpose.IDENTIFY: identification_query(sam, profile),
        m.Purpose.SIGN: approval_query(sam, profile),
    }
    return tuple(
        m.RegistrationState(
            purpose=purpose,
            expires_at=registered.certificate.expires_at,
            not_registered=registered.certificate.not_registered(queries[purpose]),
        )
        for purpose, registered in sam.registrations.items()
        if registered.certificate is not None
    )


def key_identifiers(anchors: Iterable[x509.Certificate]) -> tuple[str, ...]:
    """What certificates of these issuers name as their authority's key, base64url."""
    found = (base64url.encode(_key_identifier(anchor)) for anchor in anchors)
    return tuple(sorted(set(found)))


def _key_identifier(anchor: x509.Certificate) -> bytes:
    try:
        held = anchor.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:  # RFC 5280 §4.2.1.2 (1), the usual way
        return x509.SubjectKeyIdentifier.from_public_key(anchor.public_key()).digest
    return held.value.digest


def _pids(
    sam: Sam, profile: Profile, rules: Sequence[m.MatchRule] = ()
) -> tuple[CredentialQuery, ...]:
    return pid_queries(rules, profile, _authorities(sam, profile))


def _authorities(sam: Sam, profile: Profile) -> tuple[TrustedAuthority, ...]:
    """None where a query cannot name them all: the SAM judges by itself anyway."""
    trusted = sam.anchors[Category.PID_PROVIDERS].anchors(sam.clock())
    if not profile.trusted_authorities or trusted.signers:
        return ()
    values = key_identifiers(trusted.authorities)
    if not 1 <= len(values) <= MAX_VALUES:
        return ()
    return (TrustedAuthority(values=values),)
