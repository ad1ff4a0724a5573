"""Each kind of wallet takes what that wallet takes, and refuses what it refuses."""

import base64
from typing import Any

import pytest

from tests.wallet_emulator.relying_party import approval, encoded
from wallet_emulator.dcql import parse_query
from wallet_emulator.errors import RequestNotAuthenticError, RequestRefusedError
from wallet_emulator.link import parse_authorization_link
from wallet_emulator.transaction_data import QesApproval, parse_transaction_data
from wallet_emulator.wallet_kinds import KINDS, SCHEMES

DIGEST = base64.b64encode(bytes(32)).decode()
QUERY = parse_query(
    {
        "credentials": [
            {
                "id": "signing_pass",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["https://sign.example/pass"]},
            }
        ]
    }
)
OBJECT = {"value": DIGEST, "algorithmOID": "2.16.840.1.101.3.4.2.1"}
STRING = f"sha256-{DIGEST}"


def data(
    spelling: str = "documentDigests", alg: bool = True, **document: object
) -> dict[str, Any]:
    body: dict[str, Any] = approval()
    documents = body.pop("documentDigests")
    body[spelling] = [{**documents[0], **document}]
    body["transaction_data_hashes_alg"] = ["sha-256"]
    if not alg:
        del body["transaction_data_hashes_alg"]
    return {"transaction_data": [encoded(body)]}


def read(kind: str, parameters: dict[str, Any]) -> tuple[QesApproval, ...]:
    return parse_transaction_data(parameters, QUERY, KINDS[kind])


TAKEN = [
    ("emulator", data()),
    ("emulator", data("documentInfos")),
    ("emulator", data(alg=False)),
    ("emulator", data(checksum=OBJECT)),
    ("emulator", data(checksum=STRING)),
    ("eudi-reference-wallet", data()),
    ("eudi-reference-wallet", data(alg=False)),
    ("eudi-reference-wallet", data(checksum=OBJECT)),
    ("credo", data()),
    ("credo", data("documentInfos")),
    ("credo", data(alg=False)),
    ("walt-id", data()),
    ("we-build-cs-03", data("documentInfos")),
    ("we-build-cs-03", data("documentInfos", checksum=STRING)),
]
REFUSED = [
    ("eudi-reference-wallet", data("documentInfos")),
    ("eudi-reference-wallet", data(checksum=STRING)),
    ("walt-id", data("documentInfos")),
    ("we-build-cs-03", data()),
    ("we-build-cs-03", data("documentInfos", checksum=OBJECT)),
    ("oidf-conformance", data()),
    ("emulator", data(checksum=1)),
    ("emulator", data(checksum=[STRING])),
    ("emulator", data(checksum="sha512-" + DIGEST)),
    ("emulator", data(checksum="sha256-AAAA")),
]


@pytest.mark.parametrize(("kind", "parameters"), TAKEN)
def test_a_kind_takes_its_own_dialect(kind: str, parameters: dict[str, Any]) -> None:
    (asked,) = read(kind, parameters)

    assert [parameters["transaction_data"]] == [[asked.encoded]]


@pytest.mark.parametrize(("kind", "parameters"), REFUSED)
def test_a_kind_refuses_what_it_does_not_know(
    kind: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(RequestRefusedError):
        read(kind, parameters)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"oidf-conformance"}))
def test_no_kind_takes_both_spellings(kind: str) -> None:
    body: dict[str, Any] = approval()
    body["documentInfos"] = body["documentDigests"]

    with pytest.raises(RequestRefusedError):
        read(kind, {"transaction_data": [encoded(body)]})


LINK = "?client_id=x509_hash%3AUz8w&request_uri=https%3A%2F%2Fsign.example%2Fr"


@pytest.mark.parametrize(
    ("kind", "scheme"), [(k.name, s) for k in KINDS.values() for s in k.schemes]
)
def test_a_kind_opens_its_own_links(kind: str, scheme: str) -> None:
    assert parse_authorization_link(f"{scheme}://{LINK}", KINDS[kind]).client_id


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        (kind.name, scheme)
        for kind in KINDS.values()
        for scheme in (*SCHEMES, "javascript")
        if scheme not in kind.schemes
    ],
)
def test_a_kind_opens_no_other_links(kind: str, scheme: str) -> None:
    with pytest.raises(RequestNotAuthenticError):
        parse_authorization_link(f"{scheme}://{LINK}", KINDS[kind])
