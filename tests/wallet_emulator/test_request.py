"""Which requests a wallet shows to its user, and which it never does."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.wallet_emulator.relying_party import (
    DAY,
    DOCUMENT_DIGEST,
    NOW,
    RelyingParty,
    approval,
    b64url,
    certificate,
    der64,
    encoded,
    key,
    raw_jws,
)
from wallet_emulator.errors import RequestNotAuthenticError, RequestRefusedError
from wallet_emulator.link import FetchedRequest
from wallet_emulator.request import VerifiedRequest, authenticate, read


@dataclass(kw_only=True)
class Sent:
    """A request before it is signed: each row of the tables changes one thing."""

    party: RelyingParty
    claims: dict[str, Any]
    headers: dict[str, Any]
    key: ec.EllipticCurvePrivateKey
    outer_client_id: str
    wallet_nonce: str | None
    roots: tuple[x509.Certificate, ...]

    def sign(self) -> str:
        return jwt.encode(self.claims, self.key, "ES256", headers=self.headers)

    def use_leaf(self, leaf: x509.Certificate) -> None:
        """Another leaf, with the client_id that fits it."""
        self.party.leaf = leaf
        self.headers["x5c"] = [der64(leaf)]
        self.claims["client_id"] = self.outer_client_id = self.party.client_id

    def verify(self, text: str | None = None) -> VerifiedRequest:
        fetched = FetchedRequest(
            client_id=self.outer_client_id,
            wallet_nonce=self.wallet_nonce,
            request_object=text or self.sign(),
        )
        return read(authenticate(fetched, self.roots, NOW))


@pytest.fixture
def sent(relying_party: RelyingParty) -> Sent:
    nonce = b64url(bytes(32))
    return Sent(
        party=relying_party,
        claims=relying_party.claims(wallet_nonce=nonce),
        headers=relying_party.headers(),
        key=relying_party.key,
        outer_client_id=relying_party.client_id,
        wallet_nonce=nonce,
        roots=(relying_party.root,),
    )


def test_the_unchanged_request_is_accepted(sent: Sent) -> None:
    """Guards the tables below."""
    request = sent.verify()

    assert request.relying_party == "TEST signing service"
    assert request.transaction_data[0].documents[0].digest == DOCUMENT_DIGEST


def test_an_identification_without_transaction_data_is_accepted(sent: Sent) -> None:
    del sent.claims["transaction_data"]
    sent.claims["dcql_query"] = sent.party.identify_query()

    assert sent.verify().transaction_data == ()


def test_x509_san_dns_is_accepted_when_the_host_fits(sent: Sent) -> None:
    sent.claims["client_id"] = sent.outer_client_id = "x509_san_dns:sign.example.test"
    sent.claims["response_uri"] = "https://sign.example.test/response"

    assert sent.verify().client_id == "x509_san_dns:sign.example.test"


def test_an_intermediate_certificate_is_accepted(sent: Sent) -> None:
    between = key()
    issuing = certificate(
        "issuing", between, issuer="root", issuer_key=sent.party.root_key, ca=True
    )
    leaf = certificate("leaf", sent.key, issuer="issuing", issuer_key=between)
    sent.use_leaf(leaf)
    sent.headers["x5c"] = [der64(leaf), der64(issuing)]

    assert sent.verify().client_id == sent.party.client_id


Change = Callable[[Sent], object]


def claim(**members: object) -> Change:
    """Set claims; None removes."""

    def change(sent: Sent) -> None:
        for name, value in members.items():
            if value is None:
                sent.claims.pop(name)
            else:
                sent.claims[name] = value

    return change


def header(**members: object) -> Change:
    def change(sent: Sent) -> None:
        for name, value in members.items():
            sent.headers.pop(name, None)
            if value is not None:
                sent.headers[name] = value

    return change


def leaf(**changes: Any) -> Change:
    def change(sent: Sent) -> None:
        party = sent.party
        arguments = {"issuer": "root", "issuer_key": party.root_key, **changes}
        sent.use_leaf(certificate("leaf", sent.key, **arguments))

    return change


def self_signed(sent: Sent) -> None:
    sent.use_leaf(
        certificate("alone", sent.key, issuer="alone", issuer_key=sent.key, ca=False)
    )
    sent.roots = (*sent.roots, sent.party.leaf)


def root_in_x5c(sent: Sent) -> None:
    sent.headers["x5c"].append(der64(sent.party.root))


def non_ca_in_chain(sent: Sent) -> None:
    between = key()
    middle = certificate(
        "middle", between, issuer="root", issuer_key=sent.party.root_key
    )
    leaf = certificate("leaf", sent.key, issuer="middle", issuer_key=between)
    sent.use_leaf(leaf)
    sent.headers["x5c"].append(der64(middle))


def old_root(sent: Sent) -> None:
    sent.roots = (
        certificate(
            "root",
            sent.party.root_key,
            issuer="root",
            issuer_key=sent.party.root_key,
            ca=True,
            valid=(-9 * DAY, -DAY),
        ),
    )


def other_root(sent: Sent) -> None:
    impostor = key()
    sent.roots = (
        certificate("root", impostor, issuer="root", issuer_key=impostor, ca=True),
    )


def signed_by_another_key(sent: Sent) -> None:
    sent.key = key()


def outer_client_id(value: str) -> Change:
    return lambda sent: setattr(sent, "outer_client_id", value)


def both_client_ids(value: str) -> Change:
    def change(sent: Sent) -> None:
        sent.claims["client_id"] = sent.outer_client_id = value

    return change


def hash_of_other_certificate(sent: Sent) -> None:
    both_client_ids("x509_hash:" + b64url(bytes(32)))(sent)


def nonce_without_post(sent: Sent) -> None:
    sent.wallet_nonce = None


NOT_AUTHENTIC = [
    pytest.param(header(typ="JWT"), "signature", id="typ-is-JWT"),
    pytest.param(header(typ=None), "signature", id="typ-default"),
    pytest.param(header(crit=["b64"], b64=True), "signature", id="unknown-crit"),
    pytest.param(header(x5c=None), "certificate_chain", id="no-x5c"),
    pytest.param(header(x5c=[]), "certificate_chain", id="empty-x5c"),
    pytest.param(header(x5c=["%%"]), "certificate_chain", id="x5c-no-base64"),
    pytest.param(header(x5c=["AAAA"]), "certificate_chain", id="x5c-no-certificate"),
    pytest.param(header(x5c=[7]), "certificate_chain", id="x5c-holds-a-number"),
    pytest.param(leaf(valid=(-9 * DAY, -DAY)), "certificate_chain", id="leaf-expired"),
    pytest.param(leaf(valid=(DAY, 9 * DAY)), "certificate_chain", id="leaf-not-yet"),
    pytest.param(
        leaf(usage="key_agreement"), "certificate_chain", id="leaf-may-not-sign"
    ),
    pytest.param(self_signed, "certificate_chain", id="leaf-self-signed"),
    pytest.param(root_in_x5c, "certificate_chain", id="root-in-x5c"),
    pytest.param(non_ca_in_chain, "certificate_chain", id="issued-by-a-non-ca"),
    pytest.param(other_root, "certificate_chain", id="root-of-the-same-name"),
    pytest.param(old_root, "certificate_chain", id="root-expired"),
    pytest.param(
        lambda sent: setattr(sent, "roots", ()), "certificate_chain", id="no-root"
    ),
    pytest.param(signed_by_another_key, "signature", id="signed-by-another-key"),
    pytest.param(
        outer_client_id("x509_hash:other"), "client_id", id="outer-client-id-differs"
    ),
    pytest.param(
        claim(client_id="x509_hash:other"), "client_id", id="inner-client-id-differs"
    ),
    pytest.param(hash_of_other_certificate, "client_id", id="hash-of-another-leaf"),
    pytest.param(
        both_client_ids("redirect_uri:http://127.0.0.1:1/response"),
        "client_id",
        id="redirect-uri-prefix",
    ),
    pytest.param(both_client_ids("preregistered"), "client_id", id="no-prefix"),
    pytest.param(
        both_client_ids("x509_san_dns:evil.example.test"),
        "client_id",
        id="dns-name-not-in-certificate",
    ),
    pytest.param(
        both_client_ids("x509_san_dns:sign.example.test"),
        "response_uri",
        id="dns-name-is-not-the-response-host",
    ),
    pytest.param(claim(aud="https://wallet.example"), "aud", id="other-aud"),
    pytest.param(claim(aud=None), "aud", id="no-aud"),
    pytest.param(claim(exp=int(NOW.timestamp())), "exp", id="expired-this-second"),
    pytest.param(claim(exp=None), "exp", id="no-exp"),
    pytest.param(claim(exp=True), "exp", id="exp-is-true"),
    pytest.param(claim(exp="1795176300"), "exp", id="exp-is-text"),
    pytest.param(claim(iat=int(NOW.timestamp()) + 1), "iat", id="iat-in-the-future"),
    pytest.param(claim(nbf=int(NOW.timestamp()) + 1), "nbf", id="nbf-in-the-future"),
    pytest.param(claim(wallet_nonce="other"), "wallet_nonce", id="wallet-nonce-other"),
    pytest.param(claim(wallet_nonce=None), "wallet_nonce", id="wallet-nonce-missing"),
    pytest.param(nonce_without_post, "wallet_nonce", id="wallet-nonce-not-sent"),
    pytest.param(claim(response_uri=None), "response_uri", id="no-response-uri"),
    pytest.param(
        claim(response_uri="http://sign.example.test/r"), "response_uri", id="http"
    ),
    pytest.param(
        claim(response_uri="https://u:p@sign.example.test/r"),
        "response_uri",
        id="user-in-response-uri",
    ),
]


@pytest.mark.parametrize(("change", "check"), NOT_AUTHENTIC)
def test_a_request_that_is_not_authentic_is_not_shown(
    sent: Sent, change: Change, check: str
) -> None:
    change(sent)

    with pytest.raises(RequestNotAuthenticError) as refusal:
        sent.verify()

    assert refusal.value.check == check


@pytest.mark.parametrize(
    ("alg", "secret"),
    [
        pytest.param("none", None, id="none"),
        pytest.param("HS256", "k" * 32, id="hs256"),
    ],
)
def test_only_es256_is_a_signature(sent: Sent, alg: str, secret: str | None) -> None:
    text = jwt.encode(sent.claims, secret, alg, headers=sent.headers)

    with pytest.raises(RequestNotAuthenticError):
        sent.verify(text)


@pytest.mark.parametrize(
    ("alg", "padding"),
    [
        pytest.param("ES384", b"", id="another-alg-in-the-header"),
        pytest.param("ES256", b"\0", id="a-signature-of-65-bytes"),
    ],
)
def test_a_signature_has_one_form(sent: Sent, alg: str, padding: bytes) -> None:
    text, signature = raw_jws({**sent.headers, "alg": alg}, sent.claims, sent.key)
    stretched = signature[:32] + padding + signature[32:]

    with pytest.raises(RequestNotAuthenticError) as refusal:
        sent.verify(f"{text}.{b64url(stretched)}")

    assert refusal.value.check == "signature"


def test_the_form_above_is_otherwise_right(sent: Sent) -> None:
    text, signature = raw_jws({**sent.headers, "alg": "ES256"}, sent.claims, sent.key)

    assert sent.verify(f"{text}.{b64url(signature)}").nonce == sent.party.nonce


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "a.b",
        "a.b.c.d",
        "....",
        "\N{SNOWMAN}.a.b",
        "e30.e30.e30",
        "e30.e30",
        "=.=.=",
    ],
)
def test_text_that_is_no_jws_is_refused(sent: Sent, text: str) -> None:
    with pytest.raises(RequestNotAuthenticError):
        sent.verify(text)


def metadata(**members: object) -> Change:
    return lambda sent: sent.claims["client_metadata"].update(members)


def without_metadata(name: str) -> Change:
    return lambda sent: sent.claims["client_metadata"].pop(name)


def jwk(**members: object) -> Change:
    return lambda sent: sent.claims["client_metadata"]["jwks"]["keys"][0].update(
        members
    )


def query(**members: object) -> Change:
    return lambda sent: sent.claims["dcql_query"].update(members)


def pid_query(**members: object) -> Change:
    return lambda sent: sent.claims["dcql_query"]["credentials"][0].update(members)


INVALID = "invalid_request"
REFUSED = [
    pytest.param(claim(redirect_uri="https://x.test"), INVALID, id="redirect-uri"),
    pytest.param(claim(scope="pid"), INVALID, id="scope"),
    pytest.param(
        claim(presentation_definition={}), INVALID, id="presentation-definition"
    ),
    pytest.param(claim(client_id_scheme="x509"), INVALID, id="client-id-scheme"),
    pytest.param(
        claim(request_uri_method="post"), INVALID, id="request-uri-method-inside"
    ),
    pytest.param(claim(response_type="code"), INVALID, id="response-type"),
    pytest.param(claim(response_mode="direct_post"), INVALID, id="unencrypted-mode"),
    pytest.param(claim(nonce=None), INVALID, id="no-nonce"),
    pytest.param(claim(nonce="short"), INVALID, id="nonce-too-short"),
    pytest.param(claim(nonce="ä" * 30), INVALID, id="nonce-alphabet"),
    pytest.param(claim(state=7), INVALID, id="state-is-a-number"),
    pytest.param(claim(client_metadata=None), INVALID, id="no-client-metadata"),
    pytest.param(claim(client_metadata="{}"), INVALID, id="metadata-is-text"),
    pytest.param(metadata(jwks={"keys": []}), INVALID, id="no-encryption-key"),
    pytest.param(without_metadata("jwks"), INVALID, id="no-jwks"),
    pytest.param(jwk(alg="ECDH-ES+A256KW"), INVALID, id="other-key-agreement"),
    pytest.param(jwk(use="sig"), INVALID, id="key-for-signatures"),
    pytest.param(jwk(kid=""), INVALID, id="key-without-kid"),
    pytest.param(jwk(x="AAAA"), INVALID, id="key-off-the-curve"),
    pytest.param(
        metadata(encrypted_response_enc_values_supported=["A256CBC-HS512"]),
        INVALID,
        id="no-common-encryption",
    ),
    pytest.param(
        metadata(encrypted_response_enc_values_supported="A128GCM"),
        INVALID,
        id="enc-values-is-text",
    ),
    pytest.param(
        metadata(encrypted_response_enc_values_supported={"A128GCM": 1}),
        INVALID,
        id="enc-values-is-an-object",
    ),
    pytest.param(metadata(vp_formats={}), INVALID, id="vp-formats-of-drafts"),
    pytest.param(
        metadata(vp_formats_supported={"mso_mdoc": {}}),
        "vp_formats_not_supported",
        id="formats-do-not-cover-the-query",
    ),
    pytest.param(claim(dcql_query=None), INVALID, id="no-query"),
    pytest.param(claim(dcql_query="{}"), INVALID, id="query-is-text"),
    pytest.param(query(credentials=[]), INVALID, id="empty-query"),
    pytest.param(pid_query(id="a b"), INVALID, id="query-id-alphabet"),
    pytest.param(pid_query(id="signing_pass"), INVALID, id="query-ids-equal"),
    pytest.param(pid_query(meta={}), INVALID, id="no-vct-values"),
    pytest.param(pid_query(claims=[]), INVALID, id="claims-empty"),
    pytest.param(pid_query(claims=[{"path": [1.5]}]), INVALID, id="path-with-1.5"),
    pytest.param(pid_query(claim_sets=[["x"]]), INVALID, id="unknown-claim-in-set"),
    pytest.param(pid_query(multiple=1), INVALID, id="multiple-that-is-1"),
    pytest.param(
        query(credential_sets=[{"options": [["x"]]}]), INVALID, id="unknown-query"
    ),
]


@pytest.mark.parametrize(("change", "error"), REFUSED)
def test_an_authentic_request_with_bad_content_is_refused(
    sent: Sent, change: Change, error: str
) -> None:
    change(sent)

    with pytest.raises(RequestRefusedError) as refusal:
        sent.verify()

    assert refusal.value.error == error


def data(**members: object) -> list[str]:
    return [encoded(approval(**members))]


def document(**members: object) -> list[str]:
    entry = {**approval()["documentDigests"][0], **members}
    return data(documentDigests=[{k: v for k, v in entry.items() if v is not None}])


TWICE = json.dumps(approval())[:-1] + ',"numSignatures":1}'
TRANSACTION_DATA = [
    pytest.param(data(type="urn:other"), id="D01-unknown-type"),
    pytest.param(data() + data(type="urn:other"), id="D02-known-and-unknown-type"),
    pytest.param(
        data(type="https://cloudsignatureconsortium.org/2025/qesapproval"),
        id="D03-type-without-hyphen",
    ),
    pytest.param(data(surprise=1), id="D04-unknown-member"),
    pytest.param(data(documentInfos=[]), id="D04-documentInfos"),
    pytest.param(data(signatureQualifier=None), id="D05-no-qualifier"),
    pytest.param(data(signatureQualifier="eu_eidas_qeseal"), id="D06-a-seal"),
    pytest.param(data(documentDigests=None), id="D07-no-documents"),
    pytest.param(data(documentDigests=[], numSignatures=0), id="D07-empty"),
    pytest.param(data(documentDigests={}), id="D07-an-object"),
    pytest.param(data(documentDigests=["x"]), id="D07-a-text"),
    pytest.param(data(documentDigests=[None]), id="D07-nothing"),
    pytest.param(document(hash=None), id="D08-no-hash"),
    pytest.param(document(hash="AAAA"), id="D09-hash-too-short"),
    pytest.param(document(hash="_" * 43), id="D09-hash-in-base64url"),
    pytest.param(data(hashAlgorithmOID="1.3.14.3.2.26"), id="D10-sha1"),
    pytest.param(data(hashAlgorithmOID=None), id="D11-no-algorithm"),
    pytest.param(data(numSignatures="1"), id="D12-count-is-text"),
    pytest.param(data(numSignatures=True), id="D12-count-is-true"),
    pytest.param(data(numSignatures=0), id="D12-count-is-zero"),
    pytest.param(data(numSignatures=2), id="D13-count-differs"),
    pytest.param(data(credential_ids=None), id="D14-no-credential-ids"),
    pytest.param(data(credential_ids=[]), id="D14-no-credential-id"),
    pytest.param(data(credential_ids=["other"]), id="D15-no-such-query"),
    pytest.param(data(credential_ids=["pid"]), id="D16-the-pid-shall-approve"),
    pytest.param(
        data(credential_ids=["signing_pass", "pid"]), id="D16-or-the-pid-approves"
    ),
    pytest.param(data(credential_ids=["pid_mdoc"]), id="D16-an-mdoc-approves"),
    pytest.param([encoded(approval()) + "="], id="D18-padded"),
    pytest.param(["%%%"], id="D18-not-base64url"),
    pytest.param([b64url(b"text")], id="D18-not-json"),
    pytest.param([encoded([approval()])], id="D18-json-array"),
    pytest.param([approval()], id="D18-an-object"),
    pytest.param([b64url(TWICE.encode())], id="D19-member-twice"),
    pytest.param(data(transaction_data_hashes_alg=["sha-1"]), id="D20-sha-1"),
    pytest.param(data(transaction_data_hashes_alg="sha-256"), id="D20-alg-is-text"),
    pytest.param([], id="D21-empty"),
    pytest.param(encoded(approval()), id="D21-a-string"),
    pytest.param(data() + data(), id="two-approvals"),
    pytest.param(document(hashType="other"), id="D29-hash-type"),
    pytest.param(document(access="public"), id="D29-access-is-text"),
    pytest.param(document(checksum="sha256-AAAA"), id="checksum-is-text"),
    pytest.param(document(surprise=1), id="unknown-document-member"),
    pytest.param(document(label=""), id="empty-label"),
    pytest.param(data(credentialID=7), id="credentialID-is-a-number"),
    pytest.param(data(locations="here"), id="locations-is-text"),
    pytest.param(data(locations=[7]), id="locations-hold-a-number"),
]


@pytest.mark.parametrize("transaction_data", TRANSACTION_DATA)
def test_transaction_data_is_understood_whole_or_refused(
    sent: Sent, transaction_data: object
) -> None:
    sent.claims["transaction_data"] = transaction_data

    with pytest.raises(RequestRefusedError) as refusal:
        sent.verify()

    assert refusal.value.error == "invalid_transaction_data"


def test_transaction_data_on_an_unbound_credential_is_refused(sent: Sent) -> None:
    signing_pass = sent.claims["dcql_query"]["credentials"][2]
    signing_pass["require_cryptographic_holder_binding"] = False

    with pytest.raises(RequestRefusedError, match="holder binding"):
        sent.verify()


@pytest.mark.parametrize(
    "transaction_data",
    [
        pytest.param(data(transaction_data_hashes_alg=None), id="no-alg"),
        pytest.param(data(credentialID="cred-1", locations=["x"]), id="optional"),
        pytest.param(document(hashType=None, label=None), id="dtbsr-without-label"),
        pytest.param(document(access={"type": "public"}), id="access"),
        pytest.param([b64url(json.dumps(approval(), indent=2).encode())], id="spaces"),
    ],
)
def test_unusual_but_right_transaction_data_is_accepted(
    sent: Sent, transaction_data: list[str]
) -> None:
    sent.claims["transaction_data"] = transaction_data

    assert sent.verify().transaction_data[0].encoded == transaction_data[0]


def test_the_second_key_is_used_when_the_first_is_unusable(sent: Sent) -> None:
    keys = sent.claims["client_metadata"]["jwks"]["keys"]
    keys.insert(0, {**keys[0], "alg": "RSA-OAEP", "kid": "first"})

    assert sent.verify().recipient.kid == "tx-1"


def test_a_request_is_shown_until_the_second_before_it_expires(sent: Sent) -> None:
    late = NOW + timedelta(seconds=299)
    fetched = FetchedRequest(
        client_id=sent.outer_client_id,
        wallet_nonce=sent.wallet_nonce,
        request_object=sent.sign(),
    )

    assert authenticate(fetched, sent.roots, late).client_id == sent.outer_client_id


def test_a_verified_request_cannot_be_changed(sent: Sent) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        sent.verify().nonce = "other"  # type: ignore[misc]  # what the test is about
