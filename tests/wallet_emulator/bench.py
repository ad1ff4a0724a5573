"""Builds answers to one signing request, honest ones and others."""

import json
from typing import Any

from tests.wallet_emulator.relying_party import (
    NOW,
    Checked,
    RelyingParty,
    check_presentation,
    from_b64url,
)
from wallet_emulator import answer, dcql
from wallet_emulator.deviations import DEVIATIONS
from wallet_emulator.link import FetchedRequest
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.request import VerifiedRequest, authenticate, read
from wallet_emulator.wallet import MDOC_FORMAT, PID, PID_MDOC, SIGNING_PASS, Wallet

PID_ID, MDOC_ID, PASS_ID = "pid", "pid_mdoc", "signing_pass"


class Bench:
    def __init__(
        self, party: RelyingParty, wallet: Wallet, other: Wallet, provider: PidProvider
    ) -> None:
        self.party, self.wallet, self.other = party, wallet, other
        self.provider = provider
        self.claims = party.claims()

    def request(self) -> VerifiedRequest:
        fetched = FetchedRequest(
            client_id=self.party.client_id,
            wallet_nonce=None,
            request_object=self.party.request_object(self.claims),
        )
        return read(authenticate(fetched, (self.party.root,), NOW))

    def form(self, deviation: str | None, kind: str | None = None) -> dict[str, str]:
        """The PID is an mdoc if the deviation or ``kind`` wants one."""
        request = self.request()
        only_mdoc = deviation and DEVIATIONS[deviation].kinds == (PID_MDOC,)
        matches = dcql.match(
            request.query,
            self.wallet.credentials(),
            prefer=MDOC_FORMAT if only_mdoc or kind == PID_MDOC else None,
        )
        draft = answer.start(request, matches, self.wallet, NOW)
        draft.provider, draft.accomplice = self.provider, self.other
        named = DEVIATIONS[deviation] if deviation else None
        change = named.change(kind) if named else answer.no_change
        return answer.build(draft, change)

    def payload(self, deviation: str | None, kind: str | None = None) -> dict[str, Any]:
        return self.party.decrypt(self.form(deviation, kind)["response"])

    def text(self, deviation: str | None, query_id: str) -> str:
        kind = {PID_ID: PID, MDOC_ID: PID_MDOC, PASS_ID: SIGNING_PASS}[query_id]
        (text,) = self.payload(deviation, kind)["vp_token"][query_id]
        return str(text)

    def checked(self, deviation: str | None, query_id: str) -> Checked:
        return check_presentation(self.text(deviation, query_id))

    def jwe_header(self, deviation: str) -> dict[str, Any]:
        protected = self.form(deviation)["response"].split(".")[0]
        header: dict[str, Any] = json.loads(from_b64url(protected))
        return header

    def mdoc(self, deviation: str | None) -> str:
        """The presentation of the PID as mdoc."""
        return self.text(deviation, MDOC_ID)
