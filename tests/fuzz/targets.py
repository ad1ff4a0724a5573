"""Every parser of bytes that somebody else wrote, by name."""

from tests.fuzz import credentials, door, lists, messages, proofs
from tests.fuzz.oracle import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for part in (messages, credentials, lists, proofs, door)
    for target in part.TARGETS
}
