"""Presentations that other implementations made, with our test keys and transaction.

Made by three packages that share no code with this one (two of them share an
ancestor); what the bytes are of is in each file. Each must pass, and stop passing when
any of the four things it was made over is another.
"""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from openid4vp import mdoc
from openid4vp.dcql import ClaimsQuery
from openid4vp.errors import SignatureInvalidError
from openid4vp.expectation import Expectation
from openid4vp.trust import AnchorStore
from tests.openid4vp.mdoc_builder import PID
from tests.openid4vp.mdoc_deviations import EXPECTED, QUERY
from tests.openid4vp.scene import SIGN

FOLDER = Path(__file__).parent / "vectors"
FILES = sorted(FOLDER.glob("mdoc-*.json"))


def expectation(vector: dict[str, Any]) -> Expectation:
    names = vector["claims"][PID]
    anchor = x509.load_pem_x509_certificate(vector["anchor"].encode())
    return dataclasses.replace(
        EXPECTED,
        transaction=dataclasses.replace(SIGN, **vector["transaction"]),
        query=dataclasses.replace(
            QUERY, claims=tuple(ClaimsQuery(path=(PID, name)) for name in names)
        ),
        trust=AnchorStore({"anchor": anchor}),
        now=datetime.fromisoformat(vector["now"]),
    )


def load(file: Path) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return vector


def test_three_implementations_are_there() -> None:
    assert len(FILES) == 3


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_verifies(file: Path) -> None:
    vector = load(file)

    verified = mdoc.verify(vector["presentation"], expectation(vector))

    assert verified.claims == vector["claims"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("part", ["client_id", "nonce", "response_uri"])
def test_it_does_not_verify_for_another_transaction(file: Path, part: str) -> None:
    vector = load(file)
    vector["transaction"][part] += "x"

    with pytest.raises(SignatureInvalidError):
        mdoc.verify(vector["presentation"], expectation(vector))
