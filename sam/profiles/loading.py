"""The operator's list of profiles, read and judged before the first call is answered.

An entry is the name of a profile that is shipped, or the path of a JSON file of the
operator's own. The first entry is what is used where nobody chooses.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from openid4vp import policy_floor, strict_json
from openid4vp.errors import Openid4vpError
from openid4vp.profile import Profile

SHIPPED: Final = (
    "production",
    "eudi-reference-wallet",
    "credo",
    "walt-id",
    "oidf-conformance",
    "we-build-cs-03",
)
MAX_FILE_BYTES: Final = 16 * 1024


class UnusableProfileError(Exception):
    """A profile cannot be read, is not known, or is below the floor; says which."""

    code = "unusable_profile"


def load(entries: Sequence[str], *, test_mode: bool) -> Mapping[str, Profile]:
    """Name → profile, in the operator's order. Raises ``UnusableProfileError``."""
    if not entries:
        raise UnusableProfileError("profiles: name at least one")
    profiles: dict[str, Profile] = {}
    for entry in entries:
        profile = read(_file(entry), test_mode=test_mode)
        if profile.name in profiles:
            raise UnusableProfileError(f"two profiles are called {profile.name}")
        profiles[profile.name] = profile
    return profiles


def read(file: Path, *, test_mode: bool) -> Profile:
    """One file, held against the floor. Raises ``UnusableProfileError``."""
    try:
        content = file.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise UnusableProfileError(f"{file}: above {MAX_FILE_BYTES} bytes")
        policy_floor.check_switches(strict_json.parse_object(content, "profile"))
        profile = Profile.from_json(content)
        policy_floor.check_profile(profile, test_mode=test_mode)
    except OSError as error:
        raise UnusableProfileError(f"{file}: {error.strerror}") from error
    except Openid4vpError as error:
        raise UnusableProfileError(f"{file}: {error}") from error
    return profile


def _file(entry: str) -> Path:
    if entry in SHIPPED:
        return Path(__file__).parent / f"{entry}.json"
    if entry.endswith(".json"):
        return Path(entry)
    raise UnusableProfileError(
        f"profile {entry}: not shipped ({', '.join(SHIPPED)}), and no JSON file"
    )
