"""One setting of a file changed, and everything else, comments too, left as it is.

What comes out is read again before it is handed back: where anything but the one setting would
have changed, the edit is refused and the person does it by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from spawn.core.errors import InputError, NamedThingNotFound
from spawn.settings.statements import Statement, read_toml, statements
from spawn.settings.values import Value, as_toml


def with_setting(text: str, key: str, value: Value, *, name: str) -> str:
    """Return the text with the setting in it: in its old place, else after the last of the top.

    Raises InputError, naming the file, for a text that can't be edited safely.
    """
    line = f"{key} = {as_toml(value)}"
    standing = _standing(text, key, name=name)
    if standing is None:
        edited = _added(text, line)
    else:
        edited = _put(text, standing, f"{line}{_tail(standing, name=name)}")
    wanted = {**read_toml(text), **read_toml(line)}
    return _proven(edited, wanted, key=key, name=name)


def without_setting(text: str, key: str, *, name: str) -> str:
    """Return the text without the setting and its own line.

    Raises NamedThingNotFound where it is not set there, InputError as `with_setting` does.
    """
    standing = _standing(text, key, name=name)
    if standing is None:
        raise NamedThingNotFound(f"{key} is not set in {name}", next_command="spawn config show")
    _tail(standing, name=name)
    wanted = {other: one for other, one in read_toml(text).items() if other != key}
    return _proven(_put(text, standing, ""), wanted, key=key, name=name)


def _standing(text: str, key: str, *, name: str) -> Statement | None:
    """Return the one statement that sets the key, None where it is not set."""
    try:
        is_set = key in read_toml(text)
    except ValueError as error:
        raise InputError(f"{name} is not TOML", why=str(error)) from error
    if not is_set:
        return None
    for statement in statements(text):
        if not statement.is_in_table and statement.plain_key == key:
            return statement
    raise _by_hand(name, f"{key} is a table of its own, or stands behind a very long text")


def _tail(statement: Statement, *, name: str) -> str:
    """Return what follows the value on its line: a comment, and the line's end."""
    comment = _comment(statement)
    body = statement.text.rstrip("\r\n")
    if "\n" in body and "#" in body:
        raise _by_hand(name, "its value spans lines and may hold comments, which would be lost")
    return comment + statement.text[len(body) :]


def _comment(statement: Statement) -> str:
    """Return the comment with the space before it.

    It begins at the first # before which the statement already says all that it says.
    """
    body = statement.text.rstrip("\r\n")
    for place in _places(body, "#"):
        try:
            is_whole = read_toml(body[:place]) == statement.values
        except ValueError:
            continue
        if is_whole:
            return body[len(body[:place].rstrip()) :]
    return ""


def _places(text: str, character: str) -> Iterator[int]:
    return (place for place, one in enumerate(text) if one == character)


def _put(text: str, statement: Statement, replacement: str) -> str:
    """Return the text with other words in the statement's place."""
    before = "".join(one.text for one in statements(text) if one.line < statement.line)
    return before + replacement + text[len(before) + len(statement.text) :]


def _added(text: str, line: str) -> str:
    """Return the text with a line after the last setting of the top, at the end where none is."""
    top = [one for one in statements(text) if not one.is_in_table]
    last = next((one for one in reversed(top) if one.values), None)
    has_tables = any(one.is_in_table for one in statements(text))
    if last is None:
        return f"{line}\n{text}" if has_tables else f"{_ended(text)}{line}\n"
    before = "".join(one.text for one in top if one.line <= last.line)
    return f"{_ended(before)}{line}\n{text[len(before) :]}"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _proven(edited: str, wanted: dict[str, object], *, key: str, name: str) -> str:
    try:
        is_right = read_toml(edited) == wanted
    except ValueError:
        is_right = False
    if not is_right:
        raise _by_hand(name, f"changing {key} alone did not come out right")
    return edited


def _by_hand(name: str, why: str) -> InputError:
    return InputError(f"{name} has to be edited by hand", why=why)
