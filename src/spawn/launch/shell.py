"""How a script for sh writes a file: whole, so that a full disk leaves the old one. Pure."""

from __future__ import annotations

from spawn.core.errors import Defect

# cloud-init's own, and an ordinary user's, leave out directories.
PATH = "$PATH:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PUT = 'put() { cat >"$1.new" && mv "$1.new" "$1"; }\n'
_END = "EOF"


def put(path: str, text: str) -> str:
    """Return the command that writes `text`; `path` is a word of the shell's.

    Raises Defect for a text that holds the line that ends it.
    """
    if _END in text.splitlines():
        raise Defect(f"{path} holds the line that ends it")
    return f"put {path} <<'{_END}'\n{text}{_END}\n"
