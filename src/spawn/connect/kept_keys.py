"""The person's keys on this machine: the one of new launches, and those whose place it took.

    keys/spawn-ed25519                    the key of new launches (`connect.keys`)
    keys/kept/spawn-<hex>                 a key by its pair's name: former ones, and a new one
                                          before launches use it
    keys/kept/spawn-<hex>.pub             what is left of one that was pruned, so that a plan that
                                          was saved before can't bring it back
    keys/used/spawn-<hex>@<account>       an account where something may trust that key

Each change is one link(2) or rename(2), in an order that leaves a usable key in its place and
every former one in `kept`, wherever the process is killed.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spawn.connect.keys import (
    KEY_FILE,
    PersonalKey,
    existing_key,
    generate_key,
    is_pair_name,
    pair_name,
    public_half,
)
from spawn.connect.private_files import (
    blaming,
    place_once,
    private_scratch,
    read_private,
    write_once,
)
from spawn.connect.programs import Programs
from spawn.core.directories import make_private_directory
from spawn.core.errors import AccountError

# The most that rules for keys allow is a quarter of a year.
LONGEST_USE = timedelta(days=90)
_KEPT = Path("keys", "kept")
_USED = Path("keys", "used")
_ACCOUNT = re.compile(r"[0-9]{1,20}", re.ASCII)
_CERTIFICATE = "-cert.pub"


@dataclass(frozen=True, kw_only=True)
class HeldKey:
    """A key whose private half is here; `accounts` are those where something may trust it."""

    key: PersonalKey
    is_current: bool
    made_at: datetime
    accounts: tuple[str, ...] = ()


def held_keys(state_directory: Path) -> tuple[HeldKey, ...]:
    """Return the key of new launches, then all former ones, by name.

    Raises AccountError for a key file that can't be read or is not private.
    """
    current = existing_key(state_directory)
    names = {path.name for path in _listed(state_directory / _KEPT) if is_pair_name(path.name)}
    if current is not None:
        names.discard(current.pair_name)
    former = (former_key(state_directory, name) for name in sorted(names))
    keys = (current, *former)
    return tuple(_held(state_directory, key, current) for key in keys if key is not None)


def _held(state_directory: Path, key: PersonalKey, current: PersonalKey | None) -> HeldKey:
    return HeldKey(
        key=key,
        is_current=key == current,
        made_at=made_at(key),
        accounts=accounts_of(state_directory, key.pair_name),
    )


def made_at(key: PersonalKey) -> datetime:
    """Return when a key was made here. Raises AccountError where its file is gone."""
    with blaming(key.private_path):
        # A link has the time of what it links to: when ssh-keygen wrote it.
        return datetime.fromtimestamp(key.private_path.stat().st_mtime, UTC)


def former_key(state_directory: Path, name: str) -> PersonalKey | None:
    """Return the kept key of a pair's name, None where there is none.

    A name comes from AWS: one that spawn does not give leads nowhere. Raises AccountError for a
    file that can't be read, is not private, or holds another key than its name says.
    """
    if not is_pair_name(name):
        return None
    place = state_directory / _KEPT / name
    text = read_private(place)
    if text is None:
        return None
    try:
        key = PersonalKey(private_path=place, public_key=public_half(text))
    except ValueError as error:
        raise _damaged(place, str(error)) from error
    if key.pair_name != name:
        raise _damaged(place, f"it holds the key {key.pair_name}")
    return key


def _damaged(place: Path, why: str) -> AccountError:
    return AccountError(
        f"the key file {place} is not what its name says",
        why=why,
        next_command=shlex.join(("mv", str(place), f"{place}.damaged")),
    )


def keep_new_key(state_directory: Path, programs: Programs) -> PersonalKey:
    """Make a key that no launch uses yet. Raises AccountError as `personal_key` does."""
    kept = state_directory / _KEPT
    with private_scratch(kept) as scratch:
        draft = scratch / "new"
        generate_key(draft, programs)
        name = pair_name(public_half(draft.read_text(encoding="ascii")))
        place_once(draft, kept / name)
    made = former_key(state_directory, name)
    if made is None:
        raise AccountError(
            f"the key {kept / name} was removed while it was being made",
            next_command=shlex.join(("ls", "-l", str(kept))),
        )
    return made


def use_for_launches(state_directory: Path, new: PersonalKey, before: PersonalKey) -> None:
    """Put a kept key in the place of the one that launches use, which is kept first.

    A certificate beside it goes with it. Raises AccountError.
    """
    place, kept = state_directory / KEY_FILE, state_directory / _KEPT
    place_once(place, kept / before.pair_name)
    with private_scratch(place.parent) as scratch, blaming(place):
        draft = scratch / place.name
        os.link(new.private_path, draft)
        draft.replace(place)
    with suppress(FileNotFoundError), blaming(place):
        certificate = place.with_name(place.name + _CERTIFICATE)
        certificate.replace(kept / (before.pair_name + _CERTIFICATE))


def drop_unused(key: PersonalKey) -> None:
    """Remove a kept key that nobody was ever told of. Raises AccountError."""
    with blaming(key.private_path):
        key.private_path.unlink(missing_ok=True)


def forget_key(state_directory: Path, key: PersonalKey) -> None:
    """Remove a former key's private half; that it was there stays known. Raises AccountError."""
    kept = state_directory / _KEPT
    write_once(kept / f"{key.pair_name}.pub", f"{key.public_line}\n")
    with blaming(kept):
        (kept / (key.pair_name + _CERTIFICATE)).unlink(missing_ok=True)
        (kept / key.pair_name).unlink(missing_ok=True)


def is_retired(state_directory: Path, name: str) -> bool:
    """Say whether the key of a pair's name was this machine's, and is not that of launches now.

    Raises AccountError for a key that can't be read.
    """
    current = existing_key(state_directory)
    if current is not None and current.pair_name == name:
        return False
    kept = state_directory / _KEPT
    return is_pair_name(name) and any((kept / file).exists() for file in (name, f"{name}.pub"))


def note_use(state_directory: Path, name: str, account: str) -> None:
    """Remember that something of an account may trust a key from now on. Raises AccountError."""
    if is_pair_name(name) and _ACCOUNT.fullmatch(account):
        place = state_directory / _USED / f"{name}@{account}"
        with blaming(place):
            make_private_directory(place.parent)
            place.touch(mode=0o600)


def clear_use(state_directory: Path, name: str, account: str) -> None:
    """Forget it again: nothing of the account trusts the key any more. Raises AccountError."""
    place = state_directory / _USED / f"{name}@{account}"
    with blaming(place):
        place.unlink(missing_ok=True)


def accounts_of(state_directory: Path, name: str) -> tuple[str, ...]:
    """Return the accounts where something may trust a key, in order. Raises AccountError."""
    marks = (path.name.partition("@") for path in _listed(state_directory / _USED))
    return tuple(
        sorted(account for of, _, account in marks if of == name and _ACCOUNT.fullmatch(account))
    )


def _listed(directory: Path) -> tuple[Path, ...]:
    try:
        with blaming(directory):
            return tuple(directory.iterdir())
    except FileNotFoundError:
        return ()
