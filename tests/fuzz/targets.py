"""Every parser of bytes that somebody else wrote, by name."""

from tests.fuzz import openid4vp_targets, sam_targets
from tests.fuzz.oracle import Target

TARGETS: dict[str, Target] = {
    target.name: target for target in (*openid4vp_targets.TARGETS, *sam_targets.TARGETS)
}
