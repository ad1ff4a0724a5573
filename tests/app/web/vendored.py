"""Vendored files of the web tier: from which package each one is, and its SHA-256.

``python -m tests.app.web.vendored`` fetches the packages that the manifest names with
npm, checks their integrity and writes the files and their hashes anew.
"""

import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

VENDOR: Final = Path(__file__).parents[3] / "app/web/static/vendor"
MANIFEST: Final = VENDOR / "manifest.json"


def packages() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(MANIFEST.read_text())["packages"]
    return found


def hashes() -> dict[str, str]:
    """What the manifest says: path below ``vendor`` → SHA-256 in hex."""
    return {
        f"{package['directory']}/{name}": file["sha256"]
        for package in packages()
        for name, file in package["files"].items()
    }


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def renew() -> None:
    found = packages()
    for package in found:
        with tempfile.TemporaryDirectory() as directory:
            _renew(package, Path(directory))
    MANIFEST.write_text(json.dumps({"packages": found}, indent=1) + "\n")


def _renew(package: dict[str, Any], directory: Path) -> None:
    wanted = f"{package['package']}@{package['version']}"
    subprocess.run(["npm", "pack", wanted], cwd=directory, check=True)
    (archive,) = directory.glob("*.tgz")
    digest = hashlib.sha512(archive.read_bytes()).digest()
    integrity = f"sha512-{base64.b64encode(digest).decode()}"
    if integrity != package["integrity"]:
        raise SystemExit(f"{wanted}: its integrity is {integrity}")
    with tarfile.open(archive) as members:
        for name, file in package["files"].items():
            member = members.extractfile(f"package/{file['from']}")
            assert member is not None
            content = member.read()
            target = VENDOR / package["directory"] / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            file["sha256"] = sha256(content)


if __name__ == "__main__":
    renew()
