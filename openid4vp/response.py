"""From the bytes a wallet posted to the presentation texts of each query id.

OpenID4VP 1.0 §8.1–§8.3, §8.5: a form with the single field ``response`` (a JWE), or a
plain error, which wallets that cannot encrypt may send. A plain ``vp_token`` is
refused: it would be an encryption stripped by whoever sits between.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Final, NoReturn
from urllib.parse import unquote_to_bytes

from openid4vp import jwe, members, strict_json
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import (
    MalformedResponseError,
    QueryNotSatisfiedError,
    StateMismatchError,
    WalletRefusedError,
    WrongClaimTypeError,
)
from openid4vp.transaction import Transaction

MAX_BODY: Final = 256 * 1024
MAX_FIELDS: Final = 16
MAX_PRESENTATIONS: Final = 16
MAX_DESCRIPTION: Final = 200
WALLET_ERRORS: Final = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_request_uri_method",
        "invalid_scope",
        "invalid_transaction_data",
        "vp_formats_not_supported",
        "wallet_unavailable",
    }
)
# possessive, so that a long body that does not match costs one pass
_FORM = re.compile(rb"(?:[A-Za-z0-9*\-._~+&=!'(),/:;@$?\[\]|]++|%[0-9A-Fa-f]{2})*+")


def presentations(transaction: Transaction, body: bytes) -> dict[str, tuple[str, ...]]:
    """Return the presentations for each answered query id.

    Exactly one each; for a query with ``multiple`` at least one. Raises
    ``WalletRefusedError`` for an error, plain or encrypted, of this transaction; other
    ``Openid4vpError``s for everything that is not an answer to it.
    """
    form = parse_form(body)
    if "error" in form:
        _refuse(transaction, form, encrypted=False)
    if form.keys() != {"response"}:
        raise MalformedResponseError("the form must hold 'response' and nothing else")
    plaintext = jwe.decrypt(form["response"], transaction.response_key)
    answer = strict_json.parse_object(plaintext, "response payload")
    if "error" in answer:
        _refuse(transaction, answer, encrypted=True)
    _check_state(transaction, answer)
    return texts(members.required(answer, "vp_token", dict), transaction.query)


def parse_form(body: bytes) -> dict[str, str]:
    """Read ``application/x-www-form-urlencoded``, each name once, UTF-8 only."""
    if len(body) > MAX_BODY:
        raise MalformedResponseError(f"body is above {MAX_BODY} bytes")
    if not _FORM.fullmatch(body):
        raise MalformedResponseError("body is no form")
    fields = body.split(b"&")
    if len(fields) > MAX_FIELDS:
        raise MalformedResponseError(f"more than {MAX_FIELDS} form fields")
    form = dict(map(_field, fields))
    if len(form) != len(fields):  # two values: which one would another parser take?
        raise MalformedResponseError("a form field occurs twice")
    return form


def _field(field: bytes) -> tuple[str, str]:
    name, equals, value = field.replace(b"+", b" ").partition(b"=")
    if not equals:
        raise MalformedResponseError("a form field has no value")
    try:
        return unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise MalformedResponseError("a form field is not UTF-8") from None


def _check_state(transaction: Transaction, answer: Mapping[str, object]) -> None:
    state = members.required(answer, "state", str)
    if not hmac.compare_digest(state.encode(), transaction.state.encode()):
        raise StateMismatchError("state is not this transaction's")


def _refuse(
    transaction: Transaction, answer: Mapping[str, object], *, encrypted: bool
) -> NoReturn:
    refusal = refusal_of(answer, encrypted=encrypted)
    _check_state(transaction, answer)
    raise refusal


def refusal_of(answer: Mapping[str, object], *, encrypted: bool) -> WalletRefusedError:
    """Return what an error of §8.5 stands for; raise if it is an answer as well."""
    if "vp_token" in answer or "response" in answer:
        raise MalformedResponseError("an error and an answer at once")
    error = members.required(answer, "error", str)
    description = members.optional(answer, "error_description", str)
    return WalletRefusedError(
        error if error in WALLET_ERRORS else "unrecognised",
        None if description is None else _clean(description),
        encrypted=encrypted,
    )


def _clean(text: str) -> str:
    # drops control, line and bidi characters: all are unprintable to Python
    printable = "".join(filter(str.isprintable, text[: 4 * MAX_DESCRIPTION]))
    return printable[:MAX_DESCRIPTION]


def texts(
    vp_token: Mapping[str, object], query: DcqlQuery
) -> dict[str, tuple[str, ...]]:
    """The presentations in a ``vp_token`` (§8.1), by query id."""
    found = {query_id: _strings(value) for query_id, value in vp_token.items()}
    if sum(map(len, found.values())) > MAX_PRESENTATIONS:
        raise QueryNotSatisfiedError(f"more than {MAX_PRESENTATIONS} presentations")
    for query_id, several in found.items():
        asked = query.credential(query_id)
        if len(several) != 1 and not (asked is not None and asked.multiple):
            raise QueryNotSatisfiedError("a query id has not exactly one presentation")
    return found


def _strings(value: object) -> tuple[str, ...]:
    # §8.1: an array, never empty: a query without an answer has no member
    if not isinstance(value, list):
        raise WrongClaimTypeError("vp_token", expected="arrays", got=value)
    if not value:
        raise QueryNotSatisfiedError("a query id has no presentation")
    for presentation in value:
        if type(presentation) is not str:
            raise WrongClaimTypeError("vp_token", expected="strings", got=presentation)
    return tuple(value)
