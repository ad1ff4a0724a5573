"""What the wallet shows before it answers, and the decision it waits for.

Everything here comes from the verified request: the relying party's name from its
certificate, never from metadata; labels exactly as sent but made harmless.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from wallet_emulator.dcql import Match
from wallet_emulator.pid_provider import PID_NAMESPACE
from wallet_emulator.request import VerifiedRequest
from wallet_emulator.sd_jwt import ClaimsPath
from wallet_emulator.transaction_data import QesApproval
from wallet_emulator.wallet import MDOC_FORMAT, SD_JWT_FORMAT

MAX_LABEL: Final = 200
_CODE: Final = re.compile(r"(?:^| · )(\d{4} \d{4})$")
_KINDS: Final[Mapping[str, str]] = {
    "eu_eidas_qes": "a qualified electronic signature",
    "eu_eidas_aes": "an advanced electronic signature",
    "eu_eidas_aesqc": "an advanced electronic signature with a qualified certificate",
}
ENCODINGS: Final[Mapping[str, str]] = {
    SD_JWT_FORMAT: "SD-JWT VC",
    MDOC_FORMAT: "ISO mdoc",
}
_TRUST_FRAMEWORK: Final = "EU, eIDAS"  # every qualifier this wallet knows is of it


class Decision(Enum):
    ALLOW = "allow"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """One document as the person sees it; ``digest`` is lower-case hex."""

    label: str
    digest: str
    digest_kind: str
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The whole consent screen: who asks, what is shared, what is approved.

    ``shared`` is kind → claims, ``encodings`` kind → in which encoding they are shown.
    The last four are empty where nothing is to be signed. ``one_off_certificate``: the
    request names no signing certificate, so one is made for this signature alone.
    """

    relying_party: str
    client_id: str
    shared: Mapping[str, tuple[str, ...]]
    encodings: Mapping[str, str]
    kind_of_signature: str | None
    trust_framework: str | None
    one_off_certificate: bool
    documents: tuple[ShownDocument, ...]

    @property
    def number_of_signatures(self) -> int:
        return len(self.documents)

    def lines(self) -> list[str]:
        """The screen as text, one fact per line."""
        lines = [f"{self.relying_party} asks you"]
        if self.documents:
            count = self.number_of_signatures
            lines.append(f"to AUTHORISE {count} × {self._kind()}:")
        for document in self.documents:
            lines.append(f"  document  {document.label or '(it gave no name)'}")
            lines.append(f"  code      {document.code or '(none)'}")
            lines.append(f"  digest    {document.digest} ({document.digest_kind})")
        for kind, claims in self.shared.items():
            shown = ", ".join(claims) or "no claims"
            lines.append(f"to show your {kind} as {self.encodings[kind]}: {shown}")
        return lines

    def _kind(self) -> str:
        return f"{self.kind_of_signature} ({self.trust_framework})"


Decide: TypeAlias = Callable[[Consent], Decision]


def consent_for(request: VerifiedRequest, matches: Mapping[str, Match]) -> Consent:
    """What answering ``request`` with these credentials would mean."""
    approval = next(iter(request.transaction_data), None)
    shared = {
        match.held.kind: tuple(_path_text(path) for path in match.paths)
        for match in matches.values()
    }
    encodings = {m.held.kind: ENCODINGS[m.held.format] for m in matches.values()}
    return Consent(
        relying_party=_bounded(request.relying_party),
        client_id=request.client_id,
        shared=shared,
        encodings=encodings,
        kind_of_signature=_KINDS[approval.qualifier] if approval else None,
        trust_framework=_TRUST_FRAMEWORK if approval else None,
        one_off_certificate=approval is not None and approval.credential_id is None,
        documents=_documents(approval) if approval else (),
    )


def _documents(approval: QesApproval) -> tuple[ShownDocument, ...]:
    return tuple(
        ShownDocument(
            label=_bounded(document.label),
            digest=document.digest.hex(),
            digest_kind=document.hash_type,
            code=_code(document.label),
        )
        for document in approval.documents
    )


def _code(label: str) -> str | None:
    """The comparison code that ends a label as ``… · 1234 5678``, if there is one."""
    found = _CODE.search(label)
    return found.group(1) if found else None


def harmless(text: str) -> str:
    """Without control, format, bidi and surrogate characters."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c
        for c in text
    )


def _bounded(text: str) -> str:
    shown = harmless(text)
    return shown if len(shown) <= MAX_LABEL else shown[:MAX_LABEL] + "…"


def _path_text(path: ClaimsPath | Sequence[object]) -> str:
    """A PID's namespace is that of all its elements: it tells the person nothing."""
    if path and path[0] == PID_NAMESPACE:
        path = path[1:]
    return ".".join("*" if step is None else str(step) for step in path)
