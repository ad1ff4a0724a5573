"""What each profile sends, as files: a reader sees where they differ.

What is drawn or measured stands there as a word in angle brackets.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from sam.profiles.loading import SHIPPED
from tests.sam import kinds
from tests.sam.world import World

FOLDER: Final = Path(__file__).parent / "request_objects"
_CODE: Final = re.compile(r"\d{4} \d{4}")
_DRAWN: Final = ("client_id", "nonce", "state", "iat", "exp", "wallet_nonce")


def golden(world: World, profile: str) -> str:
    identify = kinds.open_identify(world, profile)
    sign = world.open_sign(profile=profile)
    shown = {
        "link": f"{identify.link_scheme}, request_uri_method"
        f" {identify.request_uri_method}",
        "identify": _shown(kinds.fetched(world, identify).request_object),
        "sign": _shown(kinds.fetched(world, sign).request_object),
    }
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


def _shown(request_object: str) -> dict[str, Any]:
    header, payload = kinds.parts(request_object)
    header = {**header, "x5c": ["<certificate>"] * len(header["x5c"])}
    for each in (header, payload):
        each.update({name: f"<{name}>" for name in _DRAWN if name in each})
    payload["response_uri"] = payload["response_uri"].rpartition("/")[0] + "/<tx>"
    (key,) = payload["client_metadata"]["jwks"]["keys"]
    key.update(dict.fromkeys(("x", "y", "kid"), "<drawn>"))
    payload["transaction_data"] = [
        json.loads(_CODE.sub("<code>", kinds.decoded(text)))
        for text in payload.get("transaction_data", ())
    ]
    for entry in payload.get("verifier_info", ()):
        if isinstance(entry["data"], str):
            dots = entry["data"].count(".")
            entry["data"] = "<compact JWS>" if dots else "<base64url of a compact JWS>"
    return {"header": header, "payload": payload}


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        kinds.world_of_kinds(Path(folder)) as world,
    ):
        for profile in SHIPPED:
            (FOLDER / f"{profile}.json").write_text(golden(world, profile))


if __name__ == "__main__":
    write()
