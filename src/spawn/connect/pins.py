"""Host keys pinned per instance id: learnt once from the console, never replaced.

Nothing is trusted because it was met first: a connection needs a key that AWS's console showed,
and without one there is no connection.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from spawn.connect.hostkeys import ConsoleKeys, known_hosts_text, parse_known_hosts
from spawn.connect.patience import Patience, Progress
from spawn.connect.private_files import read_private, write_once
from spawn.connect.publickey import PublicKey
from spawn.core.errors import AccountError, InputError

# EC2 user guide, "Resource IDs": 8 or 17 hexadecimal digits. It becomes a file's name.
_INSTANCE_ID = re.compile(r"i-[0-9a-f]{8,17}", re.ASCII)


def pin_path(state_directory: Path, instance_id: str) -> Path:
    """Return the instance's known_hosts file. Raises InputError for what is no instance id."""
    if not _INSTANCE_ID.fullmatch(instance_id):
        raise InputError(
            f"{instance_id!r} is not an instance id", why="they look like i-0123456789abcdef0"
        )
    return state_directory / "known_hosts" / instance_id


def read_pin(place: Path) -> tuple[PublicKey, ...]:
    """Return the pinned keys, none where there are none yet.

    Raises AccountError for a file that is damaged or open to others: what was pinned is not
    known then, and must not be learnt anew in silence.
    """
    text = read_private(place)
    if text is None:
        return ()
    try:
        return parse_known_hosts(text, place.name)
    except ValueError as error:
        raise AccountError(
            f"the pinned host keys of {place.name} can't be read",
            why=f"{place}: {error}; once it is moved away they are read from the console again",
            next_command=shlex.join(("mv", str(place), f"{place}.damaged")),
        ) from error


def pinned_keys(
    place: Path, *, console: Callable[[], ConsoleKeys], patience: Patience, progress: Progress
) -> tuple[PublicKey, ...]:
    """Return the instance's host keys, pinned from its console where they are not yet.

    Of two that pin at once the first one's keys stand for both. Raises AccountError where the
    console shows no keys in time, and as `read_pin` does; AwsRefusal where it can't be read.
    """
    pinned = read_pin(place)
    if pinned:
        return pinned
    shown = _await_keys(place.name, console=console, patience=patience, progress=progress)
    write_once(place, known_hosts_text(place.name, shown))
    return read_pin(place)


def _await_keys(
    instance_id: str, *, console: Callable[[], ConsoleKeys], patience: Patience, progress: Progress
) -> tuple[PublicKey, ...]:
    seen = ConsoleKeys()
    for attempt, _ in enumerate(patience.attempts()):
        seen = console()
        if seen.keys:
            return seen.keys
        if attempt == 0:
            progress(f"waiting for the console of {instance_id} to show its host keys")
    raise AccountError(
        f"the host keys of {instance_id} are not known, so it could be anyone who answers",
        why=_why_unknown(seen),
        next_command=f"spawn connect {instance_id}",
    )


def _why_unknown(seen: ConsoleKeys) -> str:
    if seen.fingerprints:
        return (
            f"its console shows fingerprints only ({', '.join(seen.fingerprints)}), and keys are "
            "needed: let the image print them (cloud-init: ssh.emit_keys_to_console)"
        )
    return (
        "its console does not show them: it takes some minutes after boot, so try again; an "
        "image without cloud-init, or with ssh.emit_keys_to_console off, never prints them"
    )
