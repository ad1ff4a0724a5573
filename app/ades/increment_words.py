"""The written words of an addition: is there one way to read them?

pyHanko reads some things that others read differently: ``>`` with any byte behind it
for ``>>``, a reference that runs into the next number. What we write has none of it,
so an object is taken apart once more, by the lexical rules alone (ISO 32000-2 §7.2).
"""

import re
from typing import Final

from app.ades.errors import IncrementError

TOKEN: Final = re.compile(
    rb"""[\0\t\n\f\r ]+
    | << | >> | \[ | \]
    | < (?: [0-9A-Fa-f]{2} )* >
    | / (?: \#[0-9A-Fa-f]{2} | [^\0\t\n\f\r ()<>\[\]{}/%\#] )*
    | (?: [+-]? (?: \d+ (?: \.\d* )? | \.\d+ )
        | R | obj | endobj | true | false | null )
      (?= [\0\t\n\f\r ()<>\[\]{}/%] | \Z )""",
    re.VERBOSE,
)
IN_A_STRING: Final = re.compile(rb"\\.|[()]", re.DOTALL)


def require_plain(written: bytes) -> None:
    """``written``: one object, or a trailer. Raises ``IncrementError``."""
    position = 0
    while position < len(written):
        if written[position : position + 1] == b"(":
            position = _end_of_string(written, position)
            continue
        token = TOKEN.match(written, position)
        if token is None:
            # Programs skip comments: who looks for them finds another file.
            comment = written[position : position + 1] == b"%"
            raise IncrementError(
                "A comment was added."
                if comment
                else "Something was added that can be read in two ways."
            )
        position = token.end()


def _end_of_string(written: bytes, position: int) -> int:
    """§7.3.4.2: brackets in pairs need no backslash."""
    depth = 0
    for mark in IN_A_STRING.finditer(written, position):
        depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    raise IncrementError("Something was added that can be read in two ways.")
