"""Wallets that exist, as far as they differ: what each takes, and what each leaves out.

The emulator is the strict and complete one; the others are stricter in one place and
leave something out in another, as their published code does. A kind refuses what that
wallet refuses, so that a service can be tried against each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

DOCUMENT_DIGESTS: Final = "documentDigests"
DOCUMENT_INFOS: Final = "documentInfos"
SCHEMES: Final = (
    "openid4vp",
    "haip-vp",
    "eudi-openid4vp",
    "mdoc-openid4vp",
    "eu-eaap",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletKind:
    """One kind of wallet.

    ``spellings``: of the list of documents, and ``checksum`` the shape it may have.
    ``approves``: whether it knows transaction data at all. ``max_queries``: how many
    credentials may be asked for; None for any number. ``one_encoding``: it knows no
    choice between encodings (credential sets). ``verifier_info``: formats it has to
    be shown, or None where the parameter must be absent. ``states_approval``: whether
    its proof holds CSC's qesApproval; ``repeats_alg``: and the hash algorithm.
    """

    name: str
    schemes: tuple[str, ...] = SCHEMES
    spellings: tuple[str, ...] = (DOCUMENT_DIGESTS, DOCUMENT_INFOS)
    checksum: Literal["object", "string", "either"] = "either"
    approves: bool = True
    max_queries: int | None = None
    one_encoding: bool = False
    verifier_info: tuple[str, ...] | None = ()
    states_approval: bool = True
    repeats_alg: bool = True


EMULATOR: Final = WalletKind(name="emulator")
_OTHERS: Final = (
    WalletKind(
        name="eudi-reference-wallet",
        schemes=("eudi-openid4vp", "mdoc-openid4vp", "haip-vp", "openid4vp"),
        spellings=(DOCUMENT_DIGESTS,),
        checksum="object",
    ),
    WalletKind(
        name="credo",
        schemes=("openid4vp", "haip-vp"),
        states_approval=False,
    ),
    WalletKind(
        name="walt-id",
        schemes=("openid4vp", "haip-vp"),
        spellings=(DOCUMENT_DIGESTS,),
        states_approval=False,
        repeats_alg=False,
    ),
    WalletKind(
        name="oidf-conformance",
        schemes=("openid4vp", "haip-vp"),
        approves=False,
        max_queries=1,
        one_encoding=True,
        verifier_info=None,
    ),
    WalletKind(
        name="we-build-cs-03",
        schemes=("openid4vp", "eu-eaap"),
        spellings=(DOCUMENT_INFOS,),
        checksum="string",
        verifier_info=("registrar_dataset",),
    ),
)
KINDS: Final[Mapping[str, WalletKind]] = MappingProxyType(
    {kind.name: kind for kind in (EMULATOR, *_OTHERS)}
)
