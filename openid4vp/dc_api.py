"""Ask and be answered through a browser: the Digital Credentials API.

OpenID4VP 1.0 App. A, signed requests only: an unsigned one could be altered in the
page. The browser tells the wallet which origin asks, and the wallet's proofs name it
(``origin:https://…``), so a page of another origin gains nothing from a request it
carried off. There is no ``state`` and no ``response_uri``: whoever takes the answer has
to know which of its own browser sessions it came in.
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from openid4vp import jwe, members, response, strict_json, transaction
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import InvalidRequestError, MalformedResponseError
from openid4vp.transaction import Transaction

PROTOCOL: Final = "openid4vp-v1-signed"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def begin(
    *,
    client_id: str,
    origin: str,
    query: DcqlQuery,
    lifetime: timedelta,
    now: datetime,
) -> Transaction:
    """``transaction.begin`` for a page of ``origin``, written as ``origin_of`` does.

    Raises ``InvalidRequestError``.
    """
    if origin != origin_of(origin):
        raise InvalidRequestError("an origin is scheme, host and port, as browsers do")
    asked = transaction.begin(
        client_id=client_id,
        response_uri=origin,
        query=query,
        lifetime=lifetime,
        now=now,
    )
    return dataclasses.replace(asked, response_uri="", state="", origin=origin)


def origin_of(url: str) -> str:
    """``scheme://host[:port]`` of an http(s) URL, as browsers write it (RFC 6454 §6.2).

    Lower case, without a default port and without a trailing slash. Raises
    ``InvalidRequestError``.
    """
    transaction.check_url(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidRequestError("this is no URL") from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def presentations(asked: Transaction, body: bytes) -> dict[str, tuple[str, ...]]:
    """Return the presentations for each answered query id.

    ``body`` is the ``data`` of the browser's DigitalCredential as JSON text: an object
    with the single member ``response`` (a JWE), or a plain error. Raises
    ``WalletRefusedError`` for an error, other ``Openid4vpError``s for what is no
    answer; a plain ``vp_token`` is one of these.
    """
    if len(body) > response.MAX_BODY:
        raise MalformedResponseError(f"body is above {response.MAX_BODY} bytes")
    data = strict_json.parse_object(body, "browser's answer")
    if "error" in data:
        raise response.refusal_of(data, encrypted=False)
    if data.keys() != {"response"}:
        raise MalformedResponseError("the data must hold 'response' and nothing else")
    text = members.required(data, "response", str)
    answer = strict_json.parse_object(
        jwe.decrypt(text, asked.response_key), "response payload"
    )
    if "error" in answer:
        raise response.refusal_of(answer, encrypted=True)
    return response.texts(members.required(answer, "vp_token", dict), asked.query)
