"""What each kind of certificate may contain: ``ProfileConfig`` in, ``Profile`` out.

A ``ProfileConfig`` is what a table or a file may say, a ``Profile`` is what the CA may
rely on. Between them stands ``Profile.of``, which refuses everything that could make a
demo certificate look qualified or become a CA:

* policies only under 2.25 (UUIDs), so never 0.4.0.194112.* (EN 319 411-2)
* key purposes and key usages only from the lists below; QcStatements have no field
* subjects that say TEST, validity in bounds
* certificates without a status only for OCSP responders, for a day at most

The key is P-256 but for signers who keep theirs. P-384 for the CA keys would cost
0.8 ms per signature where P-256 costs 0.05 ms, and buys nothing in a demo whose keys
lie in files.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from app.trust_services.errors import ProfileConfigError
from app.trust_services.keys import KeyKind

TEST_PREFIX: Final = "TEST "
BACKDATE: Final = timedelta(seconds=60)  # clocks of validators may be behind ours
CERTIFICATE_POLICY: Final = "2.25.149696713957460218860398754403463910588"
TIME_STAMP_POLICY: Final = "2.25.19932021517467986873621532024002827229"
CMC_RA: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.28")  # RFC 6402 §2.10

_PRIVATE_ARC: Final = "2.25."
_KEY_USAGES: Final = frozenset({"digital_signature", "content_commitment"})
_KEY_PURPOSES: Final = frozenset(
    {
        CMC_RA,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)
_LONGEST: Final = timedelta(days=3660)
_LONGEST_WITHOUT_STATUS: Final = timedelta(hours=24)
_PERSON: Final = frozenset(
    {
        NameOID.COUNTRY_NAME,
        NameOID.SURNAME,
        NameOID.GIVEN_NAME,
        NameOID.SERIAL_NUMBER,
        NameOID.COMMON_NAME,
    }
)
_SERVICE: Final = frozenset(
    {
        NameOID.COUNTRY_NAME,
        NameOID.ORGANIZATION_NAME,
        NameOID.ORGANIZATION_IDENTIFIER,
        NameOID.ORGANIZATIONAL_UNIT_NAME,
        NameOID.COMMON_NAME,
    }
)
_SUBJECT_ATTRIBUTES: Final = _PERSON | _SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileConfig:
    """What may be said about a kind of certificate; nothing is checked yet."""

    name: str
    validity: timedelta
    key_usage: str
    subject_attributes: frozenset[ObjectIdentifier] = _SERVICE
    key_purpose: ObjectIdentifier | None = None
    key_purpose_critical: bool = False
    policy: str | None = None
    names_host: bool = False
    names_responder: bool = False
    """Whether OCSP is where to ask, beside the CRL."""
    without_status: bool = False
    """Neither CRL nor OCSP: it is over before a revocation would be of use."""
    keys: frozenset[KeyKind] = frozenset({KeyKind.P256})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of end-entity certificate the CA may issue. Made by ``Profile.of``."""

    name: str
    validity: timedelta
    key_usage: x509.KeyUsage
    subject_attributes: frozenset[ObjectIdentifier]
    extended_key_usage: x509.ExtendedKeyUsage | None
    key_purpose_critical: bool
    policies: x509.CertificatePolicies | None
    names_host: bool
    names_responder: bool
    without_status: bool
    keys: frozenset[KeyKind]

    @classmethod
    def of(cls, config: ProfileConfig) -> Self:
        """Raise ``ProfileConfigError`` if such certificates must not exist."""
        _refuse_forbidden(config)
        return cls(
            name=config.name,
            validity=config.validity,
            key_usage=end_entity_key_usage(config.key_usage),
            subject_attributes=config.subject_attributes,
            extended_key_usage=_extended_key_usage(config.key_purpose),
            key_purpose_critical=config.key_purpose_critical,
            policies=_policies(config.policy),
            names_host=config.names_host,
            names_responder=config.names_responder,
            without_status=config.without_status,
            keys=config.keys,
        )


def _refuse_forbidden(config: ProfileConfig) -> None:
    if not timedelta(0) < config.validity <= _LONGEST:
        raise ProfileConfigError(f"{config.name}: validity {config.validity}")
    if config.key_usage not in _KEY_USAGES:
        raise ProfileConfigError(f"{config.name}: key usage {config.key_usage}")
    if config.key_purpose is not None and config.key_purpose not in _KEY_PURPOSES:
        raise ProfileConfigError(f"{config.name}: key purpose {config.key_purpose}")
    if config.policy is not None and not config.policy.startswith(_PRIVATE_ARC):
        raise ProfileConfigError(f"{config.name}: policy {config.policy} is not ours")
    for_responder = config.key_purpose == ExtendedKeyUsageOID.OCSP_SIGNING
    if config.without_status is not for_responder:
        raise ProfileConfigError(f"{config.name}: a responder's, and no other, is so")
    if config.without_status and config.validity > _LONGEST_WITHOUT_STATUS:
        raise ProfileConfigError(f"{config.name}: too long for what nobody can revoke")
    if not config.subject_attributes <= _SUBJECT_ATTRIBUTES:
        raise ProfileConfigError(f"{config.name}: subject attributes")
    if NameOID.COMMON_NAME not in config.subject_attributes:
        raise ProfileConfigError(f"{config.name}: a subject without CN cannot say TEST")


def end_entity_key_usage(usage: str) -> x509.KeyUsage:
    """One usage and no other: EN 319 412-2 §4.3.2 type A for ``content_commitment``."""
    return x509.KeyUsage(
        digital_signature=usage == "digital_signature",
        content_commitment=usage == "content_commitment",
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _extended_key_usage(
    purpose: ObjectIdentifier | None,
) -> x509.ExtendedKeyUsage | None:
    return None if purpose is None else x509.ExtendedKeyUsage([purpose])


def _policies(policy: str | None) -> x509.CertificatePolicies | None:
    return None if policy is None else certificate_policies(policy)


def certificate_policies(policy: str) -> x509.CertificatePolicies:
    information = x509.PolicyInformation(ObjectIdentifier(policy), None)
    return x509.CertificatePolicies([information])


SIGNER: Final = Profile.of(
    ProfileConfig(
        name="signer",
        validity=timedelta(hours=1),
        key_usage="content_commitment",
        subject_attributes=_PERSON,
        policy=CERTIFICATE_POLICY,
    )
)
LASTING_SIGNER: Final = Profile.of(
    ProfileConfig(
        name="lasting-signer",
        validity=timedelta(days=365),
        key_usage="content_commitment",
        subject_attributes=_PERSON,
        policy=CERTIFICATE_POLICY,
        keys=frozenset(KeyKind),
        names_responder=True,
    )
)
REGISTRATION_AUTHORITY: Final = Profile.of(
    ProfileConfig(
        name="registration-authority",
        validity=timedelta(days=730),
        key_usage="digital_signature",
        key_purpose=CMC_RA,
    )
)
REQUEST_SIGNING: Final = Profile.of(
    ProfileConfig(
        name="request-signing",
        validity=timedelta(days=730),
        key_usage="digital_signature",
        names_host=True,
    )
)
PASS_ISSUING: Final = Profile.of(
    ProfileConfig(
        name="pass-issuing",
        validity=timedelta(days=730),
        key_usage="digital_signature",
        names_host=True,
    )
)
TIME_STAMPING: Final = Profile.of(
    ProfileConfig(
        name="time-stamping",
        validity=timedelta(days=1825),
        key_usage="digital_signature",
        key_purpose=ExtendedKeyUsageOID.TIME_STAMPING,
        key_purpose_critical=True,  # RFC 3161 §2.3
    )
)
TLS_SERVER: Final = Profile.of(
    ProfileConfig(
        name="tls-server",
        validity=timedelta(days=730),
        key_usage="digital_signature",
        key_purpose=ExtendedKeyUsageOID.SERVER_AUTH,
        names_host=True,
    )
)
OCSP_RESPONDER: Final = Profile.of(
    ProfileConfig(
        name="ocsp-responder",
        validity=timedelta(hours=24),
        key_usage="digital_signature",
        key_purpose=ExtendedKeyUsageOID.OCSP_SIGNING,
        without_status=True,
    )
)
SERVICE_PROFILES: Final = {
    profile.name: profile
    for profile in (REGISTRATION_AUTHORITY, REQUEST_SIGNING, PASS_ISSUING)
}
