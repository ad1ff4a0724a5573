"""The PID in both its encodings: what is asked, and one set of claims for both.

PID Rulebook 1.7 ch. 3 (mdoc) and ch. 4 (SD-JWT VC), CIR (EU) 2024/2977. A provider
issues both with the same data, so whichever the wallet presents says who is there under
the same names; those of the SD-JWT VC are used from here on.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from openid4vp.dcql import (
    MSO_MDOC,
    SD_JWT_VC,
    ClaimsQuery,
    CredentialQuery,
    CredentialSetQuery,
    TrustedAuthority,
)
from openid4vp.profile import PRODUCTION, Profile
from openid4vp.verify import VerifiedCredential, VerifiedPresentation
from sam.messages import MatchRule

PID, PID_MDOC = "pid", "pid_mdoc"
PID_VCT = "urn:eudi:pid:1"
PID_DOCTYPE = PID_NAMESPACE = "eu.europa.ec.eudi.pid.1"
NAMES = ("family_name", "given_name", "issuing_country")
IDENTIFIERS = ("personal_administrative_number", "document_number")

EITHER_ENCODING: Final = CredentialSetQuery(options=((PID,), (PID_MDOC,)))
"""One of the two, never both; the SD-JWT VC first."""

# mdoc element → where the claim stands in the SD-JWT VC, if not under the same name.
# Not here: the portrait, which is never asked for (ARF RPA_07c, PID_03a).
_CLAIM_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "birth_date": ("birthdate",),
        "nationality": ("nationalities",),
        "family_name_birth": ("birth_family_name",),
        "given_name_birth": ("birth_given_name",),
        "email_address": ("email",),
        "mobile_phone_number": ("phone_number",),
        "expiry_date": ("date_of_expiry",),
        "issuance_date": ("date_of_issuance",),
        "resident_address": ("address", "formatted"),
        "resident_country": ("address", "country"),
        "resident_state": ("address", "region"),
        "resident_city": ("address", "locality"),
        "resident_postal_code": ("address", "postal_code"),
        "resident_street": ("address", "street_address"),
        "resident_house_number": ("address", "house_number"),
    }
)
_ELEMENT_OF: Final[Mapping[str, str]] = MappingProxyType(
    {path[0]: element for element, path in _CLAIM_OF.items() if len(path) == 1}
)


def accepted_types(profile: Profile) -> Mapping[str, frozenset[str]]:
    """Query id → ``vct`` or docType, whatever of them is asked for."""
    return {PID: frozenset(_vcts(profile)), PID_MDOC: frozenset({PID_DOCTYPE})}


def pid_queries(
    rules: Sequence[MatchRule] = (),
    profile: Profile = PRODUCTION,
    authorities: tuple[TrustedAuthority, ...] = (),
) -> tuple[CredentialQuery, ...]:
    """Names, country and one unique identifier; a wallet may choose which one.

    A rule's claim joins both claim sets, so that the wallet shows it to the person.
    One query for each encoding that the profile asks for.
    """
    wanted = [*NAMES, *(r.claim for r in rules if r.claim not in NAMES)]
    asked = tuple(dict.fromkeys([*wanted, *IDENTIFIERS]))
    sets = tuple(
        tuple(dict.fromkeys([*wanted, identifier])) for identifier in IDENTIFIERS
    )
    both = (
        CredentialQuery(
            id=PID,
            format=SD_JWT_VC,
            vct_values=_vcts(profile),
            claims=tuple(ClaimsQuery(path=(claim,), id=claim) for claim in asked),
            claim_sets=sets,
            trusted_authorities=authorities,
        ),
        CredentialQuery(
            id=PID_MDOC,
            format=MSO_MDOC,
            doctype_value=PID_DOCTYPE,
            claims=tuple(map(_element_query, asked)),
            claim_sets=sets,
            trusted_authorities=authorities,
        ),
    )
    return tuple(q for q in both if profile.pid_formats in ("either", q.format))


def alternatives(
    queries: Sequence[CredentialQuery],
) -> tuple[CredentialSetQuery, ...]:
    """None where there is no choice: some wallets know no credential sets."""
    return (EITHER_ENCODING,) if len(queries) > 1 else ()


def pid_of(presentation: VerifiedPresentation) -> VerifiedCredential:
    """The one PID of an answer, in either encoding."""
    held = presentation.credentials
    (pid,) = (held[query_id] for query_id in (PID, PID_MDOC) if query_id in held)
    return pid


def common_claims(pid: VerifiedCredential) -> Mapping[str, object]:
    """The claims of a PID under their SD-JWT VC names, whichever its encoding."""
    if pid.format == SD_JWT_VC:
        return pid.claims
    elements: Any = pid.claims[PID_NAMESPACE]
    claims: dict[str, Any] = {}
    for element, value in elements.items():
        *groups, name = _CLAIM_OF.get(element, (element,))
        within = claims
        for group in groups:
            within = within.setdefault(group, {})
        within[name] = value
    return claims


def _vcts(profile: Profile) -> tuple[str, ...]:
    return tuple(dict.fromkeys((PID_VCT, *profile.also_pid_vct)))


def _element_query(claim: str) -> ClaimsQuery:
    # B.2.4: what a rule compares is forgotten; names and identifier make a signer
    return ClaimsQuery(
        path=(PID_NAMESPACE, _ELEMENT_OF.get(claim, claim)),
        id=claim,
        intent_to_retain=claim in (*NAMES, *IDENTIFIERS),
    )
