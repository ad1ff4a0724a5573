"""The smallest service the demo can walk through: pages, relying party, issuer.

It signs nothing itself. The signed file exists beforehand and its digest is what the
pages and the request show, so that the demo's comparison has something true to find.
"""

import json
from typing import Any
from urllib.parse import urlencode

from tests.wallet_emulator.issuer import Issuer
from tests.wallet_emulator.loopback import Asked, Loopback, Reply
from tests.wallet_emulator.relying_party import RelyingParty, approval, b64url, encoded

COOKIE = "__Host-session=1; Path=/; Secure; HttpOnly; SameSite=Lax"


class LittleService:
    """``digest`` is hex; ``approved_digest`` and ``end_state`` make it lie or fail."""

    def __init__(self, loopback: Loopback, signed: bytes, digest: str) -> None:
        self.loopback, self.signed = loopback, signed
        self.digest = self.approved_digest = digest
        self.party, self.issuer = RelyingParty(), Issuer(loopback=loopback)
        self.state, self.end_state = "ready", "signed"
        self.offers = True
        self.answers: list[dict[str, Any]] = []
        for path, route in {
            "/": lambda a: _page(UPLOAD),
            "/upload": lambda a: _redirect("/requests/1"),
            "/requests/1": self._request_page,
            "/identify": lambda a: self._wallet_page("identify"),
            "/approve": lambda a: self._wallet_page("sign"),
            "/object/identify": self._object,
            "/object/sign": self._object,
            "/answer/identify": self._answer,
            "/answer/sign": self._answer,
            "/return/identify": self._return_identify,
            "/return/sign": lambda a: _redirect("/requests/1"),
            "/signed.pdf": lambda a: Reply(body=self.signed),
            "/evidence.zip": lambda a: Reply(body=b"PK evidence"),
        }.items():
            loopback.routes[path] = route

    def _request_page(self, asked: Asked) -> Reply:
        grouped = " ".join(self.digest[i : i + 8] for i in range(0, 64, 8))
        return _page(
            REQUEST.format(state=self.state, digest=grouped), **{"set-cookie": COOKIE}
        )

    def _wallet_page(self, purpose: str) -> Reply:
        link = "openid4vp://?" + urlencode(
            {
                "client_id": self.party.client_id,
                "request_uri": f"{self.loopback.url}/object/{purpose}",
                "request_uri_method": "post",
            }
        )
        href = link.replace("&", "&amp;")
        return _page(f'<a data-testid="wallet-link" href="{href}">Open</a>')

    def _object(self, asked: Asked) -> Reply:
        purpose = asked.path.rpartition("/")[2]
        self.party.response_uri = f"{self.loopback.url}/answer/{purpose}"
        claims = self.party.claims(wallet_nonce=dict(asked.form())["wallet_nonce"])
        if purpose == "identify":
            del claims["transaction_data"]
            claims["dcql_query"] = self.party.identify_query()
        else:
            claims["transaction_data"] = [encoded(self._approval())]
        return Reply(body=self.party.request_object(claims).encode())

    def _approval(self) -> dict[str, Any]:
        (document,) = approval()["documentDigests"]
        digest = bytes.fromhex(self.approved_digest)
        standard = b64url(digest).replace("-", "+").replace("_", "/") + "="
        return approval(documentDigests=[{**document, "hash": standard}])

    def _answer(self, asked: Asked) -> Reply:
        self.answers.append(self.party.decrypt(dict(asked.form())["response"]))
        if asked.path.endswith("sign"):
            self.state = self.end_state
        back = asked.path.replace("answer", "return")
        body = {"redirect_uri": f"{self.loopback.url}{back}?response_code=1"}
        return Reply(body=json.dumps(body).encode())

    def _return_identify(self, asked: Asked) -> Reply:
        if "__Host-session=1" not in asked.headers.get("cookie", ""):
            return _page("<h1>Started elsewhere</h1>")
        if not self.offers:
            return _page("<h1>Welcome back</h1>")
        href = self.issuer.link().replace("&", "&amp;")
        return _page(f'<a data-testid="offer-link" href="{href}">Take it</a>')


UPLOAD = """
<form action="/upload" method="post" enctype="multipart/form-data">
<input type="file" name="document" data-testid="upload-input">
<button data-testid="upload-submit">Upload</button></form>
"""
REQUEST = """
<p data-testid="request-state" data-state="{state}">Status</p>
<code data-testid="document-digest">{digest}</code>
<form action="/identify" method="post"><button data-testid="identify"></button></form>
<form action="/approve" method="post"><button data-testid="approve"></button></form>
<a data-testid="download-signed" href="/signed.pdf">PDF</a>
<a data-testid="download-evidence" href="/evidence.zip">Evidence</a>
"""


def _page(text: str, **headers: str) -> Reply:
    return Reply(body=text.encode(), content_type="text/html", headers=headers)


def _redirect(location: str) -> Reply:
    return Reply(status=303, headers={"location": location})
