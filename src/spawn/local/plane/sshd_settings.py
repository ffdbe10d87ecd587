"""What an instance's sshd_config says, as far as it bears on who may log in: sshd_config(5).

For each keyword the first value counts, and one in a `Match` block that applies counts before all
that stand outside of one. Of these blocks `Match all` is understood; others apply to nobody here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

_CONFIGURATION = Path("/etc/ssh/sshd_config")
_EVERYBODY = ("match", "all")


def effective_settings(files: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return the values by their keywords in small letters, of files in the order of reading.

    A block ends with its file, as it does in one that is included.
    """
    everywhere: dict[str, str] = {}
    within: dict[str, str] = {}
    for lines in files:
        into: dict[str, str] = everywhere
        for keyword, value in map(_parsed, lines):
            if keyword == "match":
                into = within if (keyword, value.lower()) == _EVERYBODY else {}
            elif keyword:
                into.setdefault(keyword, value)
    return everywhere | within


def _parsed(line: str) -> tuple[str, str]:
    keyword, _, value = line.strip().replace("=", " ", 1).replace("\t", " ").partition(" ")
    is_setting = bool(keyword) and not keyword.startswith("#")
    return (keyword.lower(), value.strip().strip('"')) if is_setting else ("", "")


def own_settings() -> dict[str, str]:
    """Return those of this instance, as its files are now."""
    directory = _CONFIGURATION.with_name("sshd_config.d")
    fragments = sorted(directory.glob("*.conf"))
    return effective_settings(map(lines_of, (*fragments, _CONFIGURATION)))


def file_named(settings: Mapping[str, str], keyword: str, *, user: str = "") -> Path | None:
    """Return the file that a setting names, None where it names none; `%u` is the user."""
    value = settings.get(keyword, "none")
    return None if value.lower() == "none" else Path(value.replace("%u", user))


def is_switched_off(settings: Mapping[str, str], keyword: str) -> bool:
    """Say whether a setting that has a value by default is `none`."""
    return settings.get(keyword, "").lower() == "none"


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file, none for what can't be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
