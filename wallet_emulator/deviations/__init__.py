"""Named ways to misbehave, for testing verifiers: one defect each, the rest honest.

Names follow the verifier modules of the OpenID conformance suite where it has one.
``DEVIATIONS`` is the whole catalogue; ``wallet-emulator deviations`` prints it. Those
whose ``expected`` is ``accepted`` are unusual but right: refusing them is a fault too.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wallet_emulator.deviations import (
    approvals,
    credentials,
    key_binding,
    requests,
    responses,
)
from wallet_emulator.deviations.registry import ACCEPTED, Deviation

__all__ = ["ACCEPTED", "DEVIATIONS", "Deviation"]

DEVIATIONS: Final[Mapping[str, Deviation]] = MappingProxyType(
    {
        value.name: value
        for module in (credentials, key_binding, approvals, responses, requests)
        for value in vars(module).values()
        if isinstance(value, Deviation)
    }
)
