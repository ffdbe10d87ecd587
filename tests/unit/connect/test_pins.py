"""Host keys pinned per instance id, and the console that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from spawn.aws.operation import Answer, Operation
from spawn.connect.console import console_keys
from spawn.connect.hostkeys import ConsoleKeys
from spawn.connect.patience import in_silence
from spawn.connect.pins import pin_path, pinned_keys, read_pin
from spawn.connect.publickey import PublicKey
from spawn.core.errors import AccessDenied, AccountError, AwsRefusal, InputError
from tests.unit.connect.builders import (
    INSTANCE_ID,
    REGION,
    FakeTime,
    ScriptedReader,
    console_text,
    public_key,
)

ONE, OTHER = public_key(), public_key()


def pin(place: Path, *consoles: ConsoleKeys, limit_seconds: float = 60) -> tuple[PublicKey, ...]:
    """Pin from a console that shows one thing after the other."""
    shown = list(consoles)
    patience = FakeTime().patience(limit_seconds)
    return pinned_keys(place, console=lambda: shown.pop(0), patience=patience, progress=in_silence)


def test_keys_are_pinned_once_and_stay(tmp_path: Path) -> None:
    """The first keys stand; a console that says otherwise later is not even asked."""
    place = pin_path(tmp_path, INSTANCE_ID)
    assert pin(place, ConsoleKeys(keys=(ONE,))) == (ONE,)
    assert pin(place) == (ONE,)
    assert read_pin(place) == (ONE,)


def test_a_pin_is_private(tmp_path: Path) -> None:
    """Nobody else may read or replace what decides whom to trust, and no draft is left behind."""
    place = pin_path(tmp_path / "new" / "state", INSTANCE_ID)
    pin(place, ConsoleKeys(keys=(ONE,)))
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert list(place.parent.iterdir()) == [place]


def test_of_two_that_pin_at_once_the_first_stands(tmp_path: Path) -> None:
    """A pin that appears while the console is read is kept, whatever the console said."""
    place = pin_path(tmp_path, INSTANCE_ID)

    def slow_console() -> ConsoleKeys:
        pin(place, ConsoleKeys(keys=(OTHER,)))
        return ConsoleKeys(keys=(ONE,))

    patience = FakeTime().patience(60)
    found = pinned_keys(place, console=slow_console, patience=patience, progress=in_silence)
    assert found == (OTHER,)


def test_the_console_is_waited_for(tmp_path: Path) -> None:
    """AWS shows the console late: it is asked again, and the person is told once."""
    place, time, told = pin_path(tmp_path, INSTANCE_ID), FakeTime(), list[str]()
    shown = [ConsoleKeys(), ConsoleKeys(), ConsoleKeys(keys=(ONE,))]
    found = pinned_keys(
        place, console=lambda: shown.pop(0), patience=time.patience(60), progress=told.append
    )
    assert found == (ONE,)
    assert len(time.slept) == 2
    assert len(told) == 1


def test_without_a_key_there_is_no_pin(tmp_path: Path) -> None:
    """A console that shows nothing in time fails closed, within the bound."""
    place, time = pin_path(tmp_path, INSTANCE_ID), FakeTime()
    with pytest.raises(AccountError, match="not known") as caught:
        pinned_keys(place, console=ConsoleKeys, patience=time.patience(30), progress=in_silence)
    assert sum(time.slept) == pytest.approx(30)
    assert not place.exists()
    assert caught.value.next_command == f"spawn connect {INSTANCE_ID}"


def test_fingerprints_alone_are_told(tmp_path: Path) -> None:
    """Where only fingerprints are shown, the error names them and what the image lacks."""
    seen = ConsoleKeys(fingerprints=(ONE.fingerprint,))
    with pytest.raises(AccountError) as caught:
        pin(pin_path(tmp_path, INSTANCE_ID), seen, limit_seconds=0)
    assert ONE.fingerprint in caught.value.why
    assert "emit_keys_to_console" in caught.value.why


@pytest.mark.parametrize(("text", "mode"), [("* garbage\n", 0o600), (f"{INSTANCE_ID} x\n", 0o622)])
def test_a_damaged_pin_is_not_learnt_anew(tmp_path: Path, text: str, mode: int) -> None:
    """A pin that was changed by hand or could be by others stops the connection."""
    place = pin_path(tmp_path, INSTANCE_ID)
    place.parent.mkdir()
    place.write_text(text)
    place.chmod(mode)
    with pytest.raises(AccountError) as caught:
        pin(place, ConsoleKeys(keys=(ONE,)))
    assert str(place) in f"{caught.value.what} {caught.value.why}"
    assert place.read_text() == text


@pytest.mark.parametrize("name", ["../x", "i-0123456789abcdeg0", "i-", "web", f"{INSTANCE_ID}\n"])
def test_only_an_instance_id_becomes_a_file(tmp_path: Path, name: str) -> None:
    """Nothing but an id of EC2's shape is used as a path."""
    with pytest.raises(InputError):
        pin_path(tmp_path, name)


def console(latest: str | AwsRefusal, at_boot: str | AwsRefusal) -> ScriptedReader:
    """Return an AWS whose console shows one thing now, another at boot."""

    def answer(_: Operation, parameters: Mapping[str, Any]) -> Answer | AwsRefusal:
        shown = latest if parameters.get("Latest") else at_boot
        return shown if isinstance(shown, AwsRefusal) else {"Output": shown}

    return ScriptedReader(answer)


NO_LATEST = AwsRefusal("refused", code="UnsupportedOperation")
NOT_YET = AwsRefusal("refused", code="InvalidInstanceID.NotFound")


@pytest.mark.parametrize(
    ("latest", "at_boot", "keys"),
    [
        (console_text(ONE), console_text(OTHER), (ONE,)),
        ("much output since", console_text(ONE), (ONE,)),
        (NO_LATEST, console_text(ONE), (ONE,)),
        (NO_LATEST, "", ()),
        (NOT_YET, NOT_YET, ()),
    ],
    ids=["live", "pushed-out", "not-nitro", "not-nitro-yet", "not-known-yet"],
)
def test_the_live_console_comes_first(
    latest: str | AwsRefusal, at_boot: str | AwsRefusal, keys: tuple[PublicKey, ...]
) -> None:
    """What is live counts; what was shown at boot stands in on older types and long outputs."""
    reader = console(latest, at_boot)
    assert console_keys(reader, INSTANCE_ID, region=REGION).keys == keys
    assert {(asked[1]["InstanceId"], asked[2]) for asked in reader.asked} == {(INSTANCE_ID, REGION)}


def test_a_denied_console_is_told() -> None:
    """Not being allowed to look is AWS's answer, and not an empty console."""
    denied = AccessDenied("denied", code="UnauthorizedOperation")
    with pytest.raises(AccessDenied):
        console_keys(console(denied, denied), INSTANCE_ID, region=REGION)
