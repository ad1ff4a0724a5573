"""The shipped policy, and the operator's file if one is named; held to the schema."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from sam.algorithms.policy import AlgorithmPolicy
from sam.algorithms.rules import AlgorithmRules

SHIPPED: Final = Path(__file__).parent / "policy.json"
MAX_FILE_BYTES: Final = 64 * 1024


class UnusableAlgorithmPolicyError(Exception):
    """The file cannot be read or breaks the schema; says what is wrong."""

    code = "unusable_algorithm_policy"


def load(narrowed_by: Path | None) -> AlgorithmRules:
    """The shipped policy and the operator's. ``UnusableAlgorithmPolicyError``."""
    shipped = read(SHIPPED)
    if narrowed_by is None:
        return AlgorithmRules((shipped,))
    return AlgorithmRules((shipped, read(narrowed_by)))


def read(file: Path) -> AlgorithmPolicy:
    """One file, held against the schema. ``UnusableAlgorithmPolicyError``."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnusableAlgorithmPolicyError(f"{file}: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise UnusableAlgorithmPolicyError(f"{file}: above {MAX_FILE_BYTES} bytes")
    try:
        return AlgorithmPolicy.model_validate_json(content)
    except ValidationError as error:
        wrong = "; ".join(
            ": ".join((".".join(map(str, found["loc"])) or "JSON", found["msg"]))
            for found in error.errors()
        )
        raise UnusableAlgorithmPolicyError(f"{file}: {wrong}") from error
