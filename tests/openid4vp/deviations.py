"""Named ways to get an answer wrong, one layer at a time.

A *change* takes the right ``Answer`` and alters one thing. Tables of changes are in
the tests of the module that has to notice; ``assert_refused`` runs one row.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from openid4vp.errors import Openid4vpError
from tests.openid4vp import wallet
from tests.openid4vp.scene import SIGN, verify
from tests.openid4vp.wallet import SECOND, Answer

Change = Callable[[Answer], object]
Refusal = type[Openid4vpError]
MINUTE = 60 * SECOND
QES_APPROVAL = "org.cloudsignatureconsortium.dm.1.qesApproval"
SAME_TEXT = wallet.disclosure("family_name", "Eriksson")


def at(moment: Any) -> int:
    return int(moment.timestamp())


def std_digest(raw: bytes) -> str:
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()


def flip(text: str) -> str:
    """Another signature of the same shape: the first character changed."""
    head, _, signature = text.rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def unsigned(text: str) -> str:
    return text.rpartition(".")[0] + "."


def splice(answer: Answer) -> None:
    answer.pid.edit_disclosed = lambda text: text + f"{SAME_TEXT}~"


def chain(*certificates: Any) -> Change:
    return lambda a: a.pid.header.update(x5c=wallet.x5c(*certificates))


def other_issuer(name: str, *, issuer: str = "TEST PID CA", **options: Any) -> Change:
    """A PID signed by another leaf, whose certificate is as the options say."""

    def change(answer: Answer) -> None:
        leaf = wallet.leaf(name, issuer=issuer, **options)
        answer.pid.header["x5c"] = wallet.x5c(leaf, wallet.PID_CA)
        answer.pid.issuer_key = wallet.key(name)

    return change


def reissued(**members: Any) -> Change:
    return lambda a: a.pid.payload.update(members)


def without(layer: str, name: str) -> Change:
    return lambda a: getattr(a.pid, layer).pop(name)


def proof(**members: Any) -> Change:
    return lambda a: a.pid.kb_payload.update(members)


def approval(**members: Any) -> Change:
    return lambda a: a.signing_pass.kb_payload.update(members)


def cnf(**jwk: Any) -> Change:
    return lambda a: a.pid.payload["cnf"]["jwk"].update(jwk)


def case(identifier: str, refusal: Refusal, change: Change) -> Any:
    return pytest.param(change, refusal, id=identifier)


def p384_jwk() -> dict[str, str]:
    return {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64}


def cross_credential(answer: Answer) -> None:
    """A disclosure that belongs to another credential of the same issuer."""
    answer.pid.disclosures.append(wallet.disclosure("document_number", "X1"))


def recursive(depth: int) -> Change:
    """Disclosures inside disclosures, each referenced by the one around it."""

    def change(answer: Answer) -> None:
        inner: dict[str, Any] = {}
        for level in range(depth):
            text = wallet.disclosure(f"l{level}", inner)
            answer.pid.disclosures.append(text)
            inner = {"_sd": [wallet.sha256(text)]}
        answer.pid.payload["_sd"] += inner["_sd"]

    return change


def hidden_in_array(answer: Answer) -> None:
    """An array placeholder whose disclosure has a name."""
    text = wallet.disclosure("name", "SE")
    answer.pid.payload["nationalities"] = [{"...": wallet.sha256(text)}]
    answer.pid.disclosures.append(text)


def value_for_member(answer: Answer) -> None:
    answer.pid.hide("a value without a name")


DECOY = wallet.sha256("decoy")  # a digest in the PID that no disclosure has


def duplicate_digest(answer: Answer) -> None:
    answer.pid.payload["_sd"].append(DECOY)


def duplicate_digest_elsewhere(answer: Answer) -> None:
    answer.pid.payload["address"] = {"_sd": [DECOY]}


def duplicate_digest_in_disclosure(answer: Answer) -> None:
    answer.pid.hide("address", {"_sd": [DECOY]})


def duplicate_digest_in_array(answer: Answer) -> None:
    answer.pid.payload["nationalities"] = [{"...": DECOY}]


def twice_disclosed(answer: Answer) -> None:
    answer.pid.disclosures.append(answer.pid.disclosures[0])


def malleable(answer: Answer) -> None:
    answer.edit_body = lambda body: body + b"&response=x"


def raw_plaintext(old: bytes, new: bytes) -> Change:
    return lambda a: setattr(
        a, "edit_plaintext", lambda text: text.replace(old, new, 1)
    )


def jwe_part(index: int, edit: Callable[[str], str]) -> Change:
    def change(answer: Answer) -> None:
        def edit_jwe(text: str) -> str:
            parts = text.split(".")
            parts[index] = edit(parts[index])
            return ".".join(parts)

        answer.edit_jwe = edit_jwe

    return change


def same_credential_twice(answer: Answer) -> None:
    answer.vp_token["signing_pass"] = [answer.pid.text()]


def other_signature(jws: str) -> str:
    """The same issued text under the other of the two ECDSA signatures."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signed, _, signature = jws.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    s = (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return f"{signed}.{wallet.b64(raw[:32] + s)}"


def self_signed(answer: Answer) -> None:
    rogue = wallet.leaf("rogue", issuer="rogue")
    answer.pid.header["x5c"] = wallet.x5c(rogue)
    answer.pid.issuer_key = wallet.key("rogue")


def embedded_key(answer: Answer) -> None:
    """CVE-2026-27962's shape: the attacker's key in the header."""
    answer.pid.header["jwk"] = wallet.public_jwk(wallet.key("attacker"))
    answer.pid.issuer_key = wallet.key("attacker")


def other_holder(answer: Answer) -> None:
    answer.pid.holder_key = wallet.key("attacker")


def header_key_for_holder(answer: Answer) -> None:
    answer.pid.kb_header["jwk"] = wallet.public_jwk(wallet.key("attacker"))
    answer.pid.holder_key = wallet.key("attacker")


def set_text(layer: str, edit: Callable[[str], str]) -> Change:
    return lambda a: setattr(a.pid, layer, edit)


def header(**members: Any) -> Change:
    return lambda a: a.pid.header.update(members)


def kb_header(**members: Any) -> Change:
    return lambda a: a.pid.kb_header.update(members)


def sealed(**members: Any) -> Change:
    """Members of the JWE header; ``...`` removes one."""
    return lambda a: a.jwe_header.update(members)


def wrapped(**members: Any) -> Change:
    """Members beside ``vp_token`` in the encrypted payload; ``...`` removes one."""
    return lambda a: a.payload.update(members)


def presented(**members: Any) -> Change:
    return lambda a: a.vp_token.update(members)


def form(fields: dict[str, str]) -> Change:
    return lambda a: setattr(a, "form", fields)


def assert_refused(change: Change, refusal: Refusal) -> None:
    """The answer with this change raises exactly this class."""
    answer = wallet.answer(SIGN)
    change(answer)

    with pytest.raises(Openid4vpError) as caught:
        verify(answer.body())

    assert type(caught.value) is refusal, repr(caught.value)
