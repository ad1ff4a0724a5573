"""From settings to a running SAM: the only place that names adapters.

Everything is loaded and checked before the first call is answered: the device's
self-test, each service certificate against the key it is for, the PID anchors. What
does not fit stops the start, with the sentence that says what to do.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.pkcs11_device import Pkcs11Device
from hsm.port import ServiceKey, SigningDevice
from openid4vp.dcql import CredentialQuery
from openid4vp.profile import Profile
from openid4vp.trust import AnchorStore, PinnedIssuer
from sam import (
    approvals,
    audit,
    cmc,
    faults,
    identification_alone,
    owners,
    places,
    policy,
    quota_keys,
    registration,
)
from sam.algorithms import loading as algorithm_files
from sam.algorithms.issuers import InTime
from sam.algorithms.rules import AlgorithmRules
from sam.clock import MAX_DRIFT, GuardedClock
from sam.config import SamConfig
from sam.database import Database
from sam.finish import fail_interrupted
from sam.messages import Purpose
from sam.module import CertificateIssuer, Sam
from sam.owners import Owner
from sam.pid import PID, PID_MDOC
from sam.policy import FreeTierPolicy
from sam.profiles import loading
from sam.self_tests import name_of
from sam.service_keys import Chain, PassIssuer, RequestSigner
from sam.trust import anchor_files, held_lists, sources
from sam.trust.anchor_files import AnchorFileError
from sam.trust.categories import Category
from sam.trust.held_lists import TrustLists
from sam.trust.sources import Source, SourcesFileError


class StartError(Exception):
    """The SAM cannot serve with what it found; the message says what is missing."""

    code = "start"


def missing(config: SamConfig) -> list[str]:
    """What set-up or the authorities still owe, one sentence each."""
    pin = config.hsm.pin_file
    unmade = [] if pin.exists() else [f"{pin} is missing: run `sam setup`"]
    return unmade + missing_certificates(config)


def missing_certificates(config: SamConfig) -> list[str]:
    owed = {
        _certificate_file(config, key): f"have csr/{key.value}.csr certified"
        for key in ServiceKey
    }
    owed[config.ca_anchor] = "put the CA's root certificate there"
    return [f"{f} is missing: {act}" for f, act in owed.items() if not f.exists()]


def unusable_policy(config: SamConfig) -> list[str]:
    """What is wrong with the free-tier policy, if anything is."""
    try:
        free_tier_policy(config)
    except StartError as error:
        return [str(error)]
    return []


def _certificate_file(config: SamConfig, key: ServiceKey) -> Path:
    return config.certificates / f"{key.value}.pem"


def open_sam(config: SamConfig) -> Sam:
    """One signer process over the real device and the real CA."""
    place = places.take(config)
    if place is None:
        lock = places.lock_file(config.sam_directory, 0)
        raise StartError(f"{lock}: another SAM is running here")
    device = Pkcs11Device.open(config.hsm)
    registration_authority = _service_chain(
        config, device, ServiceKey.REGISTRATION_AUTHORITY
    )
    issuer = cmc.connect(
        config.est_url,
        str(config.ca_anchor),
        device,
        registration_authority[0].public_bytes(Encoding.DER),
        responder=config.ocsp_responder,
    )
    return assemble(config, device, issuer=issuer, clock=GuardedClock(), place=place)


def assemble(
    config: SamConfig,
    device: SigningDevice,
    *,
    issuer: CertificateIssuer,
    clock: Callable[[], datetime],
    place: int = 0,
) -> Sam:
    """The same over any device, CA and clock; ``place``: see ``sam.places``."""
    for sentence in missing_certificates(config):
        raise StartError(sentence)
    tested = device.self_test()
    anchors = load_anchors(config)
    providers = anchors[Category.PID_PROVIDERS]
    database = Database(config.database_url)
    lists = TrustLists(load_sources(config), database)
    trusted = held_lists.trusted(anchors, lists)
    rules = algorithm_rules(config)
    pid_issuers = InTime(trusted[Category.PID_PROVIDERS], rules)
    pass_chain = _service_chain(config, device, ServiceKey.PASS_ISSUING)
    request_chain = _service_chain(config, device, ServiceKey.REQUEST_SIGNING)
    sam = Sam(
        config=config,
        database=database,
        device=device,
        device_name=name_of(tested),
        request_signer=RequestSigner(device, request_chain),
        pass_issuer=PassIssuer(device, pass_chain, config.base_url, config.pass_type),
        issuer=issuer,
        ca_anchor=_der(config.ca_anchor),
        trust={
            PID: pid_issuers,
            PID_MDOC: pid_issuers,
            approvals.PASS: PinnedIssuer("signing-pass", pass_chain[0]),
        },
        identification_query=_identification_query(config),
        identification_trust=_identification_trust(config) or pid_issuers,
        anchors=trusted,
        trust_lists=lists,
        pid_providers=tuple(sorted(providers)),
        profiles=_profiles(config),
        registrations=_registrations(config, request_chain, clock()),
        policy=free_tier_policy(config),
        algorithms=rules,
        clock=clock,
        owner=registered(config, database, place),
        fault=_fault_hook(config),
    )
    _started(sam)
    return sam


def registered(config: SamConfig, database: Database, place: int) -> Owner:
    """This process's name and epoch; its predecessor at this place is dead by it."""
    name = f"{places.node(config.sam_directory)}/{place}"
    with database.begin() as connection:
        return owners.register(connection, name, config.lease)


def load_anchors(
    config: SamConfig,
) -> Mapping[Category, Mapping[str, x509.Certificate]]:
    """Category → provider id → anchor, from the folders of PEM files."""
    return {category: _anchors(config, category) for category in Category}


def _anchors(config: SamConfig, category: Category) -> Mapping[str, x509.Certificate]:
    try:
        return anchor_files.read(config.anchor_folders(category))
    except AnchorFileError as error:
        raise StartError(f"{category}: {error}") from error


def load_sources(config: SamConfig) -> tuple[Source, ...]:
    """The lists of the operator's file, in its order."""
    try:
        return sources.load(config.sam_trust_sources)
    except SourcesFileError as error:
        raise StartError(f"trust sources: {error}") from error


def free_tier_policy(config: SamConfig) -> FreeTierPolicy | None:
    """None if there is no file, and none was named: no person has a quota then."""
    file = config.free_tier_policy
    if config.sam_free_tier_policy is None and not file.exists():
        return None
    try:
        return policy.load(file)
    except policy.UnusablePolicyError as error:
        raise StartError(f"free-tier policy {error}") from error


def algorithm_rules(config: SamConfig) -> AlgorithmRules:
    """The shipped policy, narrowed by the operator's file if one is named."""
    try:
        return algorithm_files.load(config.sam_algorithm_policy)
    except algorithm_files.UnusableAlgorithmPolicyError as error:
        raise StartError(f"algorithm policy {error}") from error


def _profiles(config: SamConfig) -> Mapping[str, Profile]:
    try:
        return loading.load(config.sam_profiles, test_mode=config.test_mode)
    except loading.UnusableProfileError as error:
        raise StartError(f"profile {error}") from error


def _registrations(
    config: SamConfig, access: Chain, now: datetime
) -> Mapping[Purpose, registration.Registration]:
    try:
        return registration.load(config.registration_folder, access[0], now)
    except registration.UnusableRegistrationError as error:
        raise StartError(f"registration {error}") from error


def _identification_query(config: SamConfig) -> CredentialQuery:
    try:
        return identification_alone.load_query(config.identification_query)
    except identification_alone.UnusableQueryError as error:
        raise StartError(f"identification query {error}") from error


def _identification_trust(config: SamConfig) -> AnchorStore | None:
    """None: identification alone believes the PID providers, as it usually does."""
    folder = config.identification_trust_anchors
    if folder is None:
        return None
    try:
        return AnchorStore(anchor_files.read((folder,)))
    except AnchorFileError as error:
        raise StartError(f"identification anchors: {error}") from error


def _require_later_than_the_log(sam: Sam) -> None:
    """A log whose time goes back proves nothing about time (csc-sam check 42)."""
    with sam.database.begin() as connection:
        last = audit.head(connection)
    if last is not None and (when := audit.time_of(last)) > sam.clock() + MAX_DRIFT:
        raise StartError(f"the clock is before the last audit record, of {when}")


def _started(sam: Sam) -> None:
    _require_later_than_the_log(sam)
    sam.trust_lists.forget_others()
    sam.trust_lists.refresh()
    fail_interrupted(sam)
    quota_keys.reconcile(sam)
    sam.fault("before-start")
    with sam.database.begin() as connection:
        audit.append(
            connection,
            audit.Event.STARTED,
            now=sam.clock(),
            owner=sam.owner.name,
            epoch=sam.owner.epoch,
            device=sam.device_name,
            client_id=sam.client_id,
            profiles=list(sam.profiles),
            pid_providers=list(sam.pid_providers),
            trust_sources=[held.source.record() for held in sam.trust_lists.held],
            algorithm_policies=[f"{p.id} {p.version}" for p in sam.algorithms.policies],
            free_tier_policy=None if sam.policy is None else sam.policy.model_dump(),
        )
    sam.fault("after-start")


def _service_chain(config: SamConfig, device: SigningDevice, key: ServiceKey) -> Chain:
    file = _certificate_file(config, key)
    chain = _certificates(file)
    certified = (
        chain[0]
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    if certified != device.service_public_key(key):
        raise StartError(f"{file} is not for the key {key.value} of this token")
    return chain


def _der(file: Path) -> bytes:
    return _certificates(file)[0].public_bytes(Encoding.DER)


def _certificates(file: Path) -> Chain:
    try:
        return tuple(x509.load_pem_x509_certificates(file.read_bytes()))
    except ValueError as error:
        raise StartError(f"{file} holds no readable PEM certificate") from error


def _fault_hook(config: SamConfig) -> Callable[[str], None]:
    try:
        return faults.hook(config)
    except faults.UnknownPointError as error:
        raise StartError(str(error)) from error
