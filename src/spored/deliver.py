"""`spored secrets load` and `refresh`: fetches the secrets, and puts them where they are found.

1. Files are kept in memory alone: the place must be a tmpfs, and nobody else's.
2. Nobody but root and the user of the secrets reaches metadata (`imds`), so nobody else gets the
   credentials by which they are fetched.
3. Each is fetched. At a boot nothing is put there unless all are had. A refresh puts there what it
   has, and leaves the old file where it has nothing.
4. What came of it is written down. No value is ever in words of ours, nor in an error's.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import pwd
import re
import stat
import sys
import time
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from spored.agent import ORDERS, replace_file
from spored.calling import FAULTS, Refused, call
from spored.imds import restrict
from spored.secrets import FAILED, NAME, PLACE, READY, STATE, state, told
from spored.voice import read

# At a boot: a role's credentials take seconds to come, a network perhaps minutes, and the user is
# made by cloud-init. Each is asked for once at least; none is, when this has been over for longer
# than LAST_SECONDS, for an answer that does not come takes a minute.
PATIENCE_SECONDS, LAST_SECONDS, PAUSE_SECONDS = 300, 60, 2
# IAM User Guide, "Troubleshoot IAM": what a new role may do is believed after seconds. What is
# denied for longer than this is denied.
BELIEF_SECONDS = 60
# Secrets Manager API Reference, GetSecretValue; it is more than a parameter holds.
LARGEST_BYTES = 65_536
# Errors that waiting does not mend, as both services name them.
_FINAL = re.compile("NotFound|InvalidRequest|InvalidParameter|InvalidKeyId|Validation|Decryption")
_KIND = re.compile(r'"__type": ?"(?:[^"]*#)?(\w+)')
_MESSAGE = re.compile(r'"[Mm]essage": ?"([^"]*)')
_LONGEST_WORDS = 500
RUN, PLACE_MODE = "/run/spored", 0o710
# linux/magic.h: both are memory.
_MEMORY = 0x01021994, 0x858458F6
_libc = ctypes.CDLL(None)


class UnusableError(Exception):
    """There is no value, or none that is of use; its text says why, and never what."""


def main(words: Sequence[str]) -> None:
    """Do it; exit code 1 where not all were had."""
    if os.geteuid():
        sys.exit("spored: root alone fetches secrets")
    if "secrets" not in json.loads(read(ORDERS)):  # the disk is an image of a machine that had some
        return
    os.umask(0o022)
    lock = os.open(RUN, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # until this process ends
    was_ready = state()[0] == READY
    patience = PATIENCE_SECONDS if words[0] == "load" else 0
    try:
        why = deliver(was_ready=was_ready, began=time.monotonic(), patience=patience)
    except UnusableError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename or ''} {error.strerror}".strip()
    except (KeyError, TypeError, ValueError) as error:
        why = f"orders can't be read: {type(error).__name__}"
    is_now = FAILED if why and not was_ready else READY
    kept = "the old value stays: " if why and was_ready else ""
    why = ascii(kept + why)[1:-1][:_LONGEST_WORDS]
    replace_file(STATE, json.dumps([is_now, why]))
    if why:
        sys.exit(f"spored: secrets: {why}")


def deliver(*, was_ready: bool, began: float, patience: float) -> str:
    """Do all of the above; return what is wrong, "" for nothing.

    began     when it began, in monotonic seconds
    patience  for how many seconds what may pass is waited for
    """
    orders = json.loads(read(ORDERS))["secrets"]
    secrets = told()
    for secret in secrets:
        if not NAME.fullmatch(secret["name"]):
            raise UnusableError(f"no variable can be named {secret['name'][:40]}")
    restrict(0)
    user = known_user(orders["user"], began + patience)
    restrict(user.pw_uid)
    prepare(PLACE, user.pw_gid)
    values, failures = {}, []
    for secret in secrets:
        service = orders["services"][secret["service"]]
        try:
            answer = fetched(service, secret["id"], began, patience)
            values[secret["name"]] = usable(answer, secret)
        except UnusableError as error:
            failures.append(f"{secret['name']}: {error}")
    if was_ready or not failures:
        for name, value in values.items():
            put(f"{PLACE}/{name}", value, user.pw_uid)
    return "; ".join(failures)


def known_user(name: str, until: float) -> pwd.struct_passwd:
    """Return the user, once there is such a one."""
    while True:
        with suppress(KeyError):
            return pwd.getpwnam(name)
        if time.monotonic() >= until:
            raise UnusableError(f"there is no user {name}")
        time.sleep(PAUSE_SECONDS)


def prepare(place: str, group_id: int) -> None:
    """Make the directory, root's own: the user's group may pass it, and nobody may list it."""
    above = os.path.dirname(place)
    found = (ctypes.c_ulong * 32)()  # statfs(2): its first member is the kind
    if _libc.statfs(above.encode(), found) or found[0] not in _MEMORY:
        raise UnusableError(f"{above} is no tmpfs, and nothing secret is written to a disk")
    with suppress(FileExistsError):
        os.mkdir(place, 0o700)
    for path in (above, place):
        there = os.lstat(path)
        is_own = stat.S_ISDIR(there.st_mode) and there.st_uid == os.geteuid()
        if not is_own or there.st_mode & 0o022:
            raise UnusableError(f"{path} is not root's own")
    os.chown(place, -1, group_id)
    os.chmod(place, PLACE_MODE)


def put(path: str, value: bytes, user_id: int) -> None:
    """Write a file whole: whoever opens it has the old value or the new one."""
    new = f"{path}.new"  # no variable is named so
    with suppress(FileNotFoundError):
        os.unlink(new)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(value)
        os.fchown(file.fileno(), user_id, -1)
    os.replace(new, path)


def fetched(service: str, which: str, began: float, patience: float) -> bytes:
    """Return what the service answers, once it does; `service` is as `call` takes it."""
    target, request = {
        "secretsmanager": ("secretsmanager.GetSecretValue", {"SecretId": which}),
        "ssm": ("AmazonSSM.GetParameter", {"Name": which, "WithDecryption": True}),
    }[service.partition(" ")[0].partition("/")[2]]
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    if time.monotonic() >= began + patience + LAST_SECONDS:
        raise UnusableError("there was no time left to ask for it")
    while True:
        try:
            return call(service, "POST /", json.dumps(request).encode(), headers)
        except FAULTS as error:
            if is_given_up(error, time.monotonic() - began, patience):
                raise UnusableError(words_of(error)) from None
        time.sleep(PAUSE_SECONDS)


def is_given_up(error: Exception, waited: float, patience: float) -> bool:
    """Say whether it is asked for no more; both in seconds since it began."""
    if not isinstance(error, Refused):
        return waited >= patience
    kind = _KIND.search(str(error))
    if kind is not None and _FINAL.search(kind[1]):
        return True
    return waited >= (min(patience, BELIEF_SECONDS) if error.is_denial else patience)


def words_of(error: Exception) -> str:
    """Return AWS's own words, or what kept them from being heard."""
    if isinstance(error, Refused):
        found = (pattern.search(str(error)) for pattern in (_KIND, _MESSAGE))
        return ": ".join(each[1] for each in found if each) or str(error)
    return str(error) if isinstance(error, OSError) else f"no answer: {type(error).__name__}"


def usable(answer: bytes, secret: Mapping[str, Any]) -> bytes:
    """Return the value of an answer, for the use that is asked for. Raises UnusableError."""
    value = value_in(answer, secret["key"])
    if len(value) > LARGEST_BYTES:
        raise UnusableError(f"{len(value)} bytes are more than {LARGEST_BYTES}")
    if secret["env"] and b"\0" in value:
        raise UnusableError("it holds a NUL, which no variable can")
    return value


def value_in(answer: bytes, key: str) -> bytes:
    """Return the value that either service answers, or the member `key` of its JSON."""
    try:
        whole = json.loads(answer)
        parameter = whole.get("Parameter", {})
        text = whole.get("SecretString", parameter.get("Value"))
        if text is None and not key:
            return b64decode(whole["SecretBinary"], validate=True)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UnusableError("the answer holds no value") from None
    if text is None:
        raise UnusableError("it is binary, where JSON is asked for")
    try:
        return (member(text, key) if key else text).encode()
    except (AttributeError, UnicodeError):
        raise UnusableError("it is no text that UTF-8 can hold") from None


def member(text: str, key: str) -> str:
    """Return a text, or a number as it is written."""
    try:
        whole = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise UnusableError("it is no JSON, of which a key is asked for") from None
    if not isinstance(whole, dict) or key not in whole:
        raise UnusableError(f"its JSON has no key {key[:40]}")
    found = whole[key]
    if not isinstance(found, str):
        raise UnusableError(f"{key[:40]} of its JSON is neither a text nor a number")
    return found
