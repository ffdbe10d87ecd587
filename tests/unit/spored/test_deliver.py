"""A secret's value becomes exactly its file, or a reason that tells nothing of it."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spored.calling import Refused
from spored.deliver import (
    LARGEST_BYTES,
    LAST_SECONDS,
    PATIENCE_SECONDS,
    UnusableError,
    fetched,
    is_given_up,
    prepare,
    put,
    usable,
    words_of,
)

CANARY = "canary-4f1c"
DEEP = "[" * 100_000


def asked(*, key: str = "", env: bool = False) -> dict[str, object]:
    """A secret as orders name it."""
    return {"name": "API_KEY", "service": "secretsmanager", "id": "app", "key": key, "env": env}


def text(value: str) -> bytes:
    """What Secrets Manager answers for a text."""
    return json.dumps({"Name": "app", "SecretString": value}).encode()


def binary(value: bytes) -> bytes:
    """What Secrets Manager answers for bytes."""
    return json.dumps({"SecretBinary": b64encode(value).decode()}).encode()


def refused(status: int, kind: str, message: str = "") -> Refused:
    """What either service answers where it refuses."""
    return Refused(status, json.dumps({"__type": kind, "Message": message}))


def parameter(value: str) -> bytes:
    """What Systems Manager answers."""
    return json.dumps({"Parameter": {"Type": "SecureString", "Value": value}}).encode()


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_text_is_its_bytes(value: str) -> None:
    """Of either service every text arrives as it is: new lines, NULs and blanks at its ends too."""
    for answer in (text(value), parameter(value)):
        assert usable(answer, asked()) == value.encode()


@given(st.binary())
def test_bytes_are_bytes(value: bytes) -> None:
    """A binary secret arrives as it is; where a variable can't hold it, it is refused."""
    assert usable(binary(value), asked()) == value
    if b"\0" in value:
        with pytest.raises(UnusableError, match="NUL"):
            usable(binary(value), asked(env=True))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r'"a\nb"', b"a\nb"),
        ('"€"', "€".encode()),
        ('""', b""),
        ("5432", b"5432"),
        ("1.50", b"1.50"),
        ("1e400", b"1e400"),
        ("123456789012345678901234567890", b"123456789012345678901234567890"),
    ],
)
def test_a_member_of_json_is_what_is_written(written: str, expected: bytes) -> None:
    """A text is itself, and a number stands as it was written."""
    value = f'{{"other": "{CANARY}", "a.b c": {written}}}'
    assert usable(text(value), asked(key="a.b c")) == expected


@pytest.mark.parametrize(
    ("answer", "key", "reason"),
    [
        (text('{"password": {"deep": "canary-4f1c"}}'), "password", "neither"),
        (text('{"password": ["canary-4f1c"]}'), "password", "neither"),
        (text('{"password": null, "x": "canary-4f1c"}'), "password", "neither"),
        (text('{"password": true, "x": "canary-4f1c"}'), "password", "neither"),
        (text('{"Password": "canary-4f1c"}'), "password", "no key"),
        (text('["canary-4f1c"]'), "password", "no key"),
        (text("canary-4f1c"), "password", "no JSON"),
        (text('{"canary-4f1c'), "password", "no JSON"),
        (text(DEEP), "password", "no JSON"),
        (binary(b'{"password": "canary-4f1c"}'), "password", "binary"),
        (text(r'{"password": "canary-4f1c\ud800"}'), "password", "UTF-8"),
        (text("canary-4f1c" + "x" * LARGEST_BYTES), "", "more than 65536"),
        (b'{"SecretString": 5, "canary-4f1c": 1}', "", "UTF-8"),
        (b'{"SecretBinary": "canary-4f1c!"}', "", "no value"),
        (b'"canary-4f1c"', "", "no value"),
        (b"canary-4f1c", "", "no value"),
        (b"{}", "", "no value"),
    ],
)
def test_what_is_of_no_use_is_refused_in_silence(answer: bytes, key: str, reason: str) -> None:
    """Whatever is wrong with a value, the reason says so without a letter of it."""
    with pytest.raises(UnusableError, match=reason) as refused:
        usable(answer, asked(key=key))
    assert CANARY not in str(refused.value)


def test_the_largest_secret_is_whole() -> None:
    """65,536 bytes, which Secrets Manager holds at the most, arrive."""
    assert len(usable(text("x" * LARGEST_BYTES), asked(env=True))) == LARGEST_BYTES


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (refused(400, "ResourceNotFoundException", "can't find it"), 0),
        (refused(400, "InvalidRequestException", "marked for deletion"), 0),
        (refused(400, "com.amazonaws#ParameterNotFound"), 0),
        (refused(400, "DecryptionFailure"), 0),
        (refused(400, "AccessDeniedException", "on secret:NotFound-a"), 60),
        (refused(403, "Whatever"), 60),
        (refused(400, "UnrecognizedClientException", "token"), 300),
        (refused(400, "ThrottlingException"), 300),
        (refused(500, "InternalServiceError"), 300),
        (Refused(503, "<html>NotFound</html>"), 300),
        (OSError("no credentials of a role"), 300),
        (ValueError("no answer"), 300),
    ],
)
def test_what_may_pass_is_waited_for(error: Exception, seconds: float) -> None:
    """A secret that is not there won't come; rights come within a minute, networks may."""
    assert is_given_up(error, seconds, PATIENCE_SECONDS)
    assert seconds == 0 or not is_given_up(error, seconds - 1, PATIENCE_SECONDS)
    assert is_given_up(error, 0, 0)  # a refresh asks once


def test_one_that_does_not_answer_leaves_the_others_their_turn_and_no_more() -> None:
    """Long after its time is up nothing is asked for any more: whoever waits wants to hear why."""
    over = time.monotonic() - PATIENCE_SECONDS - LAST_SECONDS
    with pytest.raises(UnusableError, match="no time left"):
        fetched("us-east-1/ssm http://127.0.0.1:1", "/a", over, PATIENCE_SECONDS)


def test_the_reason_is_in_awss_words() -> None:
    """What AWS refuses is told by its kind and message; what is no answer, without its text."""
    said = '{"__type":"a.b#ResourceNotFoundException","Message":"no such secret"}'
    assert words_of(Refused(400, said)) == "ResourceNotFoundException: no such secret"
    assert words_of(Refused(503, "<b>busy</b>")) == "503 busy"
    assert words_of(ValueError(CANARY)) == "no answer: ValueError"


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory of ours in memory."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        yield Path(directory)


def test_the_place_is_closed(memory: Path) -> None:
    """Its owner's group may pass the directory, nobody else may, and it stays so."""
    place = memory / "secrets"
    for _ in range(2):
        prepare(str(place), os.getgid())
        assert stat.S_IMODE(place.stat().st_mode) == 0o710


def test_what_is_no_memory_is_no_place_for_secrets() -> None:
    """A directory of another file system than a tmpfs is refused before anything is made there."""
    with pytest.raises(UnusableError, match="/proc is no tmpfs"):
        prepare("/proc/secrets", os.getgid())


@pytest.mark.parametrize("trick", ["link", "file", "writable"])
def test_a_place_that_is_somebody_elses_is_refused(memory: Path, trick: str) -> None:
    """A link, a file, or a directory that others may write to is none of ours."""
    place, elsewhere = memory / "secrets", memory / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if trick == "link":
        place.symlink_to(elsewhere)
    elif trick == "file":
        place.touch()
    else:
        place.mkdir()
        place.chmod(0o777)
    with pytest.raises(UnusableError, match="own"):
        prepare(str(place), os.getgid())


def test_a_file_is_replaced_whole(memory: Path) -> None:
    """Who has the old value open keeps it; links in the place of a new one are not followed."""
    path, bait = memory / "API_KEY", memory / "bait"
    bait.write_bytes(b"bait")
    path.symlink_to(bait)
    Path(f"{path}.new").symlink_to(bait)
    put(str(path), b"old", os.getuid())
    with path.open("rb") as reader:
        put(str(path), b"new", os.getuid())
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"
    assert bait.read_bytes() == b"bait"
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert sorted(memory.iterdir()) == [path, bait]
