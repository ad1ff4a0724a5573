"""A verifier on loopback: one request object, one answer to whatever is posted."""

from typing import Any
from urllib.parse import urlencode

from tests.wallet_emulator.loopback import Asked, Loopback, Reply
from tests.wallet_emulator.relying_party import (
    Checked,
    RelyingParty,
    check_presentation,
)

REPLY = Reply(body=b'{"redirect_uri": "http://127.0.0.1:1/back?response_code=1"}')


class Service:
    """Serves one request object and keeps the answers."""

    def __init__(self, loopback: Loopback, party: RelyingParty) -> None:
        self.loopback = loopback
        self.party = party
        party.response_uri = f"{loopback.url}/response"
        self.claims = party.claims()
        self.reply = REPLY
        loopback.routes["/request"] = self._request
        loopback.routes["/response"] = lambda asked: self.reply

    def link(self, method: str | None = "post", scheme: str = "openid4vp") -> str:
        parameters = {
            "client_id": self.party.client_id,
            "request_uri": f"{self.loopback.url}/request",
        }
        if method:
            parameters["request_uri_method"] = method
        return f"{scheme}://?{urlencode(parameters)}"

    def answered(self) -> dict[str, str]:
        return dict(self.loopback.to("/response")[-1].form())

    def payload(self) -> dict[str, Any]:
        return self.party.decrypt(self.answered()["response"])

    def presented(self, query_id: str) -> Checked:
        (text,) = self.payload()["vp_token"][query_id]
        return check_presentation(text)

    def _request(self, asked: Asked) -> Reply:
        claims = dict(self.claims)
        sent = dict(asked.form())
        if "wallet_nonce" in sent:
            claims["wallet_nonce"] = sent["wallet_nonce"]
        return Reply(
            body=self.party.request_object(claims).encode(),
            content_type="application/oauth-authz-req+jwt",
        )
