"""None that is right is refused, and none of them is accepted once a bit is another.

The number here is for every run; ``VALID_PRESENTATIONS`` asks for more. The examples
are always the same ones: a failure comes again.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from openid4vp import base64url
from openid4vp.errors import Openid4vpError
from tests.openid4vp.presented import Drawn, drawn
from tests.openid4vp.strategies import pid_data

WANTED = int(os.environ.get("VALID_PRESENTATIONS", "1000"))
FORMATS = ("pid", "pid_mdoc")


def each(look: Callable[[int, Drawn], object]) -> None:
    """Show ``WANTED`` right answers to ``look``, each with its seed."""

    @settings(
        max_examples=WANTED,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**64 - 1), pid_data())
    def shown(seed: int, person: dict[str, Any]) -> None:
        look(seed, drawn(seed, person))

    shown()


def altered(rng: random.Random, right: Drawn) -> str:
    """The presentation with one bit changed, somewhere inside of what is encoded.

    A holder who changes what the issuer signed can prove possession of the result: in
    an SD-JWT VC the proof is over all of it, so it is made anew.
    """
    if right.pid == "pid_mdoc":
        return _flipped(rng, right.text)
    pieces = re.split(r"([.~])", right.text)  # of headers, payloads and so on
    lengths = [0 if piece in ".~" else len(piece) for piece in pieces]
    (place,) = rng.choices(range(len(pieces)), lengths)
    pieces[place] = _flipped(rng, pieces[place])
    text = "".join(pieces)
    return right.bound_again(text) if "~" in pieces[place:] else text


def _flipped(rng: random.Random, text: str) -> str:
    raw = bytearray(base64url.decode(text, "presentation"))
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return base64url.encode(bytes(raw))


def test_no_right_presentation_is_refused() -> None:
    accepted: Counter[str] = Counter()

    def look(_seed: int, right: Drawn) -> None:
        verified = right.verify()
        held = verified.credentials[right.pid].claims
        assert right.claims.items() <= held.items()
        assert verified.credentials["signing_pass"].approved == (
            right.answer.transaction.transaction_data
        )
        accepted[right.pid] += 1

    each(look)

    assert accepted.total() == WANTED
    assert min(accepted[query_id] for query_id in FORMATS) >= WANTED // 3


# cryptography warns of odd certificates: a serial number may have become negative
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_presentation_with_one_bit_changed_is_accepted() -> None:
    refused: Counter[str] = Counter()
    accepted: list[tuple[int, str]] = []

    def look(seed: int, right: Drawn) -> None:
        rng = random.Random(seed)  # noqa: S311 (tests are to be repeatable)
        text = altered(rng, right)
        try:
            right.with_pid(text).verify()
        except Openid4vpError:
            refused[right.pid] += 1
        else:
            accepted.append((seed, text))

    each(look)

    assert accepted == []
    assert refused.total() == WANTED
    assert min(refused[query_id] for query_id in FORMATS) >= WANTED // 3
