"""Whatever the bytes of an mdoc: verified, or an ``Openid4vpError``; and soon.

Examples are few and always the same here; raise ``max_examples`` for a long run.
"""

import contextlib
import time
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import mdoc, mso
from openid4vp.errors import Openid4vpError
from tests.openid4vp import mdoc_builder as build
from tests.openid4vp import wallet
from tests.openid4vp.mdoc_builder import PID
from tests.openid4vp.mdoc_deviations import EXPECTED
from tests.openid4vp.scene import SIGN

few = settings(max_examples=40, deadline=None, derandomize=True, database=None)
RIGHT = build.pid(SIGN)
BYTES = cbor2.dumps({"version": "1.0", "documents": [RIGHT.document()], "status": 0})
SECONDS = 0.5
NAMES = st.sampled_from(
    (
        *("version", "documents", "status", "docType", "issuerSigned", "issuerAuth"),
        *("deviceSigned", "deviceAuth", "deviceSignature", "nameSpaces", PID),
        *("digestAlgorithm", "valueDigests", "deviceKeyInfo", "deviceKey", "signed"),
        *("keyAuthorizations", "dataElements", "validityInfo", "validFrom", "random"),
        *("digestID", "elementIdentifier", "elementValue", "SHA-256", "1.0"),
    )
)
LEAVES: Any = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=40)
    | NAMES
)
THINGS: Any = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | st.integers(-5, 40), inner, max_size=3)
        | st.builds(cbor2.CBORTag, st.sampled_from([0, 18, 24, 1004, 99]), inner)
        | inner.map(lambda value: cbor2.CBORTag(24, cbor2.dumps(value)))
    ),
    max_leaves=5,
)
MEMBERS = st.dictionaries(NAMES, THINGS, max_size=5)


def refused_or_verified(presentation: str) -> None:
    start = time.process_time()
    with contextlib.suppress(Openid4vpError):
        mdoc.verify(presentation, EXPECTED)
    assert time.process_time() - start < SECONDS


@few
@given(st.text(max_size=100))
def test_texts(text: str) -> None:
    refused_or_verified(text)


@settings(few, max_examples=120)
@given(st.integers(0, len(BYTES)), st.integers(0, 30), st.binary(max_size=6))
def test_right_bytes_with_a_piece_replaced(at: int, length: int, new: bytes) -> None:
    refused_or_verified(wallet.b64(BYTES[:at] + new + BYTES[at + length :]))


@few
@given(THINGS)
def test_things(thing: object) -> None:
    refused_or_verified(wallet.b64(cbor2.dumps(thing)))


@pytest.mark.parametrize("layer", ["mso", "validity", "key_info"])
@few
@given(members=MEMBERS)
def test_correctly_signed_nonsense(layer: str, members: dict[str, Any]) -> None:
    presented = build.pid(SIGN)
    getattr(presented, layer).update(members)

    refused_or_verified(presented.text())


@few
@given(st.lists(MEMBERS | THINGS, max_size=3), MEMBERS, MEMBERS)
def test_correctly_digested_and_signed_nonsense(
    items: list[Any], device: dict[str, Any], authorizations: dict[str, Any]
) -> None:
    presented = build.pid(SIGN)
    for number, thing in enumerate(items):
        nonsense = build.item(100 + number, f"e{number}", thing)
        presented.items[PID].append(nonsense)
    presented.device_namespaces = cbor2.dumps(device)
    presented.key_info = {"keyAuthorizations": authorizations}

    refused_or_verified(presented.text())


@pytest.mark.parametrize(
    "layer", ["response", "document", "issuer_signed", "device_signed", "device_auth"]
)
@few
@given(members=MEMBERS)
def test_layers_with_nonsense_put_over(layer: str, members: dict[str, Any]) -> None:
    presented = build.pid(SIGN)
    setattr(presented, f"edit_{layer}", lambda right: {**right, **members})

    refused_or_verified(presented.text())


@few
@given(st.binary(max_size=60) | THINGS.map(cbor2.dumps))
def test_mso_payloads(payload: bytes) -> None:
    with contextlib.suppress(Openid4vpError):
        mso.parse(cbor2.dumps(cbor2.CBORTag(24, payload)))
