"""Examples of the documents we follow, and of those we must not follow by accident.

OpenID4VP 1.0: every DCQL query is read and written again, and its complete SD-JWT VC
verifies, layer by layer (it has no ``x5c``, so not as a whole). RFC 7520: a cookbook of
other algorithms; each of its messages is well made, and none is for us.
"""

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from openid4vp import jwe, jwk, jws, key_binding, sd_jwt
from openid4vp.dcql import DcqlQuery
from openid4vp.errors import InvalidQueryError, MalformedResponseError, Openid4vpError
from tests.openid4vp import published
from tests.openid4vp.scene import SIGN

QUERIES = published.names("openid4vp/1.0/examples/query_lang/")
OTHER_FORMATS = published.names("openid4vp/1.0/examples/request/dcql_")
CREDENTIAL = "openid4vp/1.0/examples/sd_jwt_vcld/"
COOKBOOK_JWS = published.names("jose-cookbook/jws/")
COOKBOOK_JWE = published.names("jose-cookbook/jwe/")
COOKBOOK_JWK = published.names("jose-cookbook/jwk/")


def test_the_examples_are_all_named() -> None:
    """An empty table of names would pass every test below."""
    counted = (QUERIES, OTHER_FORMATS, COOKBOOK_JWS, COOKBOOK_JWE, COOKBOOK_JWK)

    assert tuple(map(len, counted)) == (7, 2, 8, 13, 6)


@pytest.mark.parametrize("name", QUERIES)
def test_a_dcql_query_of_the_specification_is_read(name: str) -> None:
    written = published.read_json(name)

    query = DcqlQuery.from_json(written)

    for credential_set in written.get("credential_sets", ()):
        credential_set.setdefault("required", True)  # its default, written out
    assert query.to_json() == written


@pytest.mark.parametrize("name", OTHER_FORMATS)
def test_a_dcql_query_for_another_format_is_none_of_ours(name: str) -> None:
    with pytest.raises(InvalidQueryError):
        DcqlQuery.from_json(published.read_json(name))


def text_of(name: str) -> str:
    """Examples are wrapped to the width of the document."""
    return re.sub(r"\s", "", published.read(CREDENTIAL + name).decode())


def issuer_key() -> dict[str, Any]:
    settings = published.read(CREDENTIAL + "settings.yml").decode()
    x, y = (re.findall(rf"\b{name}: (\S+)", settings)[0] for name in "xy")
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def test_the_issuers_half_of_the_credential_verifies() -> None:
    parts = sd_jwt.parse(text_of("01/sd_jwt_presentation.txt"))

    issuer_jwt = jws.parse(parts.issuer_jwt, typ="dc+sd-jwt", what="issuer JWT")
    jws.verify_signature(issuer_jwt, jwk.public_key(issuer_key(), "issuer's key"))
    alg = sd_jwt.hash_alg(issuer_jwt.payload)
    claims = sd_jwt.disclose(issuer_jwt.payload, parts.disclosures, alg)

    assert claims == published.read_json(CREDENTIAL + "01/verified_contents.json")


def test_the_holders_half_of_the_credential_verifies() -> None:
    parts = sd_jwt.parse(text_of("01/sd_jwt_presentation.txt"))
    contents = published.read_json(CREDENTIAL + "01/verified_contents.json")

    kb_jwt = jws.parse(parts.key_binding_jwt, typ=key_binding.TYP, what="KB-JWT")
    jws.verify_signature(kb_jwt, jwk.public_key(contents["cnf"]["jwk"], "cnf.jwk"))
    claims = key_binding.parse_claims(kb_jwt.payload)

    assert claims.sd_hash == sd_jwt.digest(parts.signed_part, "sha-256")


def accepted(name: str, read: Callable[[str], object]) -> list[str]:
    """The message's serialisations that are not refused for their form."""
    left: list[str] = []
    for output in published.read_json(name)["output"].values():
        message = output if isinstance(output, str) else json.dumps(output)
        with contextlib.suppress(MalformedResponseError):
            read(message)
            left.append(message)
    return left


@pytest.mark.parametrize("name", COOKBOOK_JWS)
def test_no_signature_of_the_cookbook_is_for_us(name: str) -> None:
    assert accepted(name, lambda m: jws.parse(m, typ="dc+sd-jwt", what="m")) == []


@pytest.mark.parametrize("name", COOKBOOK_JWE)
def test_no_encryption_of_the_cookbook_is_for_us(name: str) -> None:
    assert accepted(name, lambda m: jwe.decrypt(m, SIGN.response_key)) == []


@pytest.mark.parametrize("name", COOKBOOK_JWK)
def test_no_key_of_the_cookbook_is_for_us(name: str) -> None:
    """They are P-521, RSA and symmetric, and half of them private."""
    with pytest.raises(Openid4vpError):
        jwk.public_key(published.read_json(name), "key")
