"""Named ways to misbehave, for testing verifiers: one defect each, the rest honest.

Names follow the verifier modules of the OpenID conformance suite where it has one.
``DEVIATIONS`` is the whole catalogue, ``GROUPS`` the same by what goes wrong;
``wallet-emulator deviations`` prints it. Those whose ``expected`` is ``accepted`` are
unusual but right: refusing them is a fault too.
"""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from wallet_emulator.deviations import (
    approvals,
    claims,
    credentials,
    disclosures,
    encryption,
    issuers,
    key_binding,
    key_binding_claims,
    mdoc_credentials,
    mdoc_device,
    mdoc_device_elements,
    mdoc_encoding,
    mdoc_issuers,
    mdoc_mso,
    mdoc_responses,
    mdoc_unusual,
    requests,
    responses,
    unusual,
)
from wallet_emulator.deviations.registry import ACCEPTED, Deviation

__all__ = ["ACCEPTED", "DEVIATIONS", "GROUPS", "Deviation"]


def _of(*modules: ModuleType) -> tuple[Deviation, ...]:
    """A module's deviations: alone, and in its tables."""
    found: dict[str, Deviation] = {}
    for module in modules:
        for value in vars(module).values():
            table = value if isinstance(value, tuple) else (value,)
            found |= {d.name: d for d in table if isinstance(d, Deviation)}
    return tuple(found.values())


GROUPS: Final[Mapping[str, tuple[Deviation, ...]]] = MappingProxyType(
    {
        "Forge a card": _of(credentials, issuers, claims, disclosures),
        "Prove possession wrongly": _of(key_binding, key_binding_claims),
        "Approve wrongly": _of(approvals),
        "Forge an mdoc": _of(mdoc_credentials, mdoc_mso, mdoc_issuers),
        "Prove possession of an mdoc wrongly": _of(mdoc_device, mdoc_device_elements),
        "Write an mdoc wrongly": _of(mdoc_encoding, mdoc_responses),
        "Answer out of form": _of(responses),
        "Encrypt wrongly": _of(encryption),
        "Be unusual, but right": _of(unusual, mdoc_unusual),
        "Fetch the request unusually": _of(requests),
    }
)
DEVIATIONS: Final[Mapping[str, Deviation]] = MappingProxyType(
    {deviation.name: deviation for group in GROUPS.values() for deviation in group}
)
