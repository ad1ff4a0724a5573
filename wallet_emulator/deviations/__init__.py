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
    credentials,
    key_binding,
    requests,
    responses,
)
from wallet_emulator.deviations.registry import ACCEPTED, Deviation

__all__ = ["ACCEPTED", "DEVIATIONS", "GROUPS", "Deviation"]


def _of(module: ModuleType) -> tuple[Deviation, ...]:
    return tuple(v for v in vars(module).values() if isinstance(v, Deviation))


GROUPS: Final[Mapping[str, tuple[Deviation, ...]]] = MappingProxyType(
    {
        "Forge a card": _of(credentials),
        "Prove possession wrongly": _of(key_binding),
        "Approve wrongly": _of(approvals),
        "Answer out of form": _of(responses),
        "Fetch the request unusually": _of(requests),
    }
)
DEVIATIONS: Final[Mapping[str, Deviation]] = MappingProxyType(
    {deviation.name: deviation for group in GROUPS.values() for deviation in group}
)
