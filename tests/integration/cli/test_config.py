"""`spawn config`, as a person uses it: what is set, where, by whom, and how it is set."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.tools.programs import Finished, Program

USAGE, NOT_FOUND, FAILED = 2, 5, 1


def refused(finished: Finished, code: int, *says: str) -> None:
    assert finished.code == code, finished.stderr
    assert finished.stdout == ""
    assert "Traceback" not in finished.stderr
    for text in says:
        assert text in finished.stderr


def shown(finished: Finished) -> dict[str, tuple[Any, str]]:
    assert finished.code == 0, finished.stderr
    return {one["key"]: (one["value"], one["source"]) for one in finished.document()}


def own_file(home: Path) -> Path:
    return home / ".config" / "spawn" / "config.toml"


@pytest.mark.parametrize(
    ("words", "is_shown"),
    [
        (("ttl", "4h"), "4h"),
        (("instance-type", "t3.micro,t3a.micro"), ["t3.micro", "t3a.micro"]),
        (("volume-size", "30"), 30),
        (("encrypt-volumes", "yes"), True),
        (("max-cost", "2.50"), 2.5),
        (("tags", "team=a,project=b c"), {"team": "a", "project": "b c"}),
        (("ssh-proxy-command", 'nc "%h" \\ %p'), 'nc "%h" \\ %p'),
    ],
)
def test_what_is_set_is_shown(
    words: tuple[str, str], is_shown: object, bare_spawn: Program, home: Path
) -> None:
    """A setting comes back from its file, which is the person's own; unset, it is gone."""
    key, value = words
    done = bare_spawn("config", "set", key, value)
    assert done.code == 0, done.stderr
    assert done.stdout.startswith(f"{key} = ")
    assert own_file(home).stat().st_mode & 0o777 == 0o600
    assert own_file(home).parent.stat().st_mode & 0o777 == 0o700
    found = shown(bare_spawn("config", "show", "-o", "json"))
    assert found == {key: (is_shown, "~/.config/spawn/config.toml line 1")}
    assert bare_spawn("config", "unset", key).code == 0
    assert shown(bare_spawn("config", "show", "-o", "json")) == {}
    refused(bare_spawn("config", "unset", key), NOT_FOUND, key, "config.toml")


def test_each_place_shows_what_it_overrides(bare_spawn: Program, home: Path) -> None:
    """The environment wins over the directory's file, that over one's own; all are shown."""
    assert bare_spawn("config", "set", "ttl", "1h").code == 0
    assert bare_spawn("config", "set", "ttl", "2h", "--here").code == 0
    assert (home / "spawn.toml").stat().st_mode & 0o777 == 0o644
    noted = bare_spawn("config", "set", "ttl", "3h")
    assert "spawn.toml line 1 wins" in noted.stderr
    finished = bare_spawn("config", "show", "ttl", "-o", "json", SPAWN_TTL="4h")
    assert finished.document() == [
        {
            "key": "ttl",
            "value": "4h",
            "source": "SPAWN_TTL",
            "overridden": [
                {"value": "2h", "source": "spawn.toml line 1"},
                {"value": "3h", "source": "~/.config/spawn/config.toml line 1"},
            ],
        }
    ]
    table = bare_spawn("config", "show", "ttl").stdout
    assert [line.split()[:2] for line in table.splitlines()] == [
        ["SETTING", "VALUE"],
        ["ttl", "2h"],
        ["3h", "~/.config/spawn/config.toml"],
    ]


def test_a_file_keeps_what_its_writer_wrote(bare_spawn: Program, home: Path) -> None:
    """Comments, order and the file's mode stay; a link to the file stays a link."""
    real = home / "dotfiles.toml"
    real.write_text('# mine\nttl = "1h" # short\n\nspot = true\n')
    real.chmod(0o640)
    own_file(home).parent.mkdir(parents=True)
    own_file(home).symlink_to(real)
    assert bare_spawn("config", "set", "ttl", "2h").code == 0
    assert real.read_text() == '# mine\nttl = "2h" # short\n\nspot = true\n'
    assert real.stat().st_mode & 0o777 == 0o640
    assert own_file(home).is_symlink()
    assert [each.name for each in own_file(home).parent.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "ttk", "4h"), ("'ttk'", "did you mean ttl?")),
        (("show", "instance_type"), ("did you mean instance-type?",)),
        (("set", "ttl", "tomorrow"), ("ttl 'tomorrow'", "1d12h")),
        (("set", "volume-size", "99999"), ("volume-size", "65536")),
        (("set", "os", "centos"), ("os", "debian-12")),
        (("set", "security", "open", "--here"), ("spawn.toml: security", "stricter")),
        (("set", "ssh-proxy-command", "x", "--here"), ("spawn.toml: ssh-proxy-command", "own")),
        (("set", "yes", "true"), ("yes is no setting", "--yes")),
        (("set", "tags", "spawn:hold=x"), ("tags", "reserved")),
        (("set", "--", "user", "-oProxyCommand=x"), ("user '-oProxyCommand=x'",)),
        (("set", "encrypt-volumes", "maybe"), ("encrypt-volumes", "true or false")),
    ],
    ids=lambda case: " ".join(case)[:30],
)
def test_what_can_not_be_set_is_told(
    words: tuple[str, ...], says: tuple[str, ...], bare_spawn: Program, home: Path
) -> None:
    """The error says what to write, and no file is made."""
    refused(bare_spawn("config", *words), USAGE, *says)
    assert not own_file(home).exists()
    assert not (home / "spawn.toml").exists()


def test_a_directory_that_others_may_write_to_decides_nothing(
    bare_spawn: Program, home: Path
) -> None:
    """A file that anyone may have written is neither used nor passed over."""
    (home / "spawn.toml").write_text('ttl = "4h"\n')
    (home / "spawn.toml").chmod(0o666)
    refused(
        bare_spawn("config", "show"), USAGE, "spawn.toml", "other users", "chmod go-w spawn.toml"
    )
    refused(bare_spawn("config", "set", "ttl", "1h", "--here"), USAGE, "spawn.toml", "other users")


def test_hostile_text_reaches_no_terminal(bare_spawn: Program, home: Path) -> None:
    """Names and keys of a file are written out where they could act on a terminal."""
    (home / "spawn.toml").write_text('"a\\u001b[2J" = 1\n')
    (home / "spawn.toml").chmod(0o644)
    finished = bare_spawn("config", "show")
    refused(finished, USAGE, "spawn.toml line 1", "there is no setting")
    assert "\x1b" not in finished.stderr


def test_the_organisations_defaults_are_asked_for(spawn: Program, aws: Program) -> None:
    """With --organisation the account's parameter is read, and stands below one's own file."""
    name = f"/spawn/test-{uuid.uuid4()}"
    text = 'ttl = "4h"\nsecurity = "strict"\ntags = { team = "a", project = "" }\n'
    words = ("ssm", "put-parameter", "--name", name, "--type", "String", "--value", text)
    assert aws(*words).code == 0
    assert spawn("config", "set", "organisation-parameter", name).code == 0
    assert spawn("config", "set", "ttl", "1h").code == 0
    found = shown(spawn("config", "show", "--organisation", "-o", "json"))
    assert found["security"] == ("strict", f"organisation {name} line 2")
    assert found["ttl"] == ("1h", "~/.config/spawn/config.toml line 2")
    assert found["tags"] == ({"team": "a"}, f"organisation {name} line 3")
    none = spawn("config", "set", "organisation-parameter", f"{name}-none")
    assert none.code == 0
    found = shown(spawn("config", "show", "--organisation", "-o", "json"))
    assert "ttl" in found
    assert "security" not in found
    not_asked = spawn("config", "show")
    assert "security" not in not_asked.stdout
    assert "--organisation" in not_asked.stderr


def test_an_organisations_bad_defaults_are_told(spawn: Program, aws: Program) -> None:
    """What nobody could launch with is shown with its parameter and its line."""
    name = f"/spawn/test-{uuid.uuid4()}"
    words = ("ssm", "put-parameter", "--name", name, "--type", "String", "--value", "ttl = 4")
    assert aws(*words).code == 0
    assert spawn("config", "set", "organisation-parameter", name).code == 0
    refused(spawn("config", "show", "--organisation"), FAILED, name, "line 1: ttl")
