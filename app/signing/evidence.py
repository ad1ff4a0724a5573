"""``evidence.zip``: the SAM's own evidence files, exactly those and unchanged.

The same evidence gives the same bytes: names in order, one fixed date.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from typing import ClassVar, Final

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,60}(\.[a-z0-9]{1,8})", re.IGNORECASE)
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o644 << 16


class EvidenceError(Exception):
    """A file name no archive of ours may hold."""

    code: ClassVar[str] = "evidence"


def evidence_archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            if not _NAME.fullmatch(name):
                raise EvidenceError(name)
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = _READABLE
            archive.writestr(member, files[name].encode())
    return buffer.getvalue()
