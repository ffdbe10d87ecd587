"""`spawn connect` is ssh as one knows it, but that it trusts only the key the console showed."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.boxes import Box
from tests.e2e.conftest import Launch

pytestmark = pytest.mark.e2e

ODD_WORDS = (
    "two words",
    "",
    "it's",
    'a "quote"',
    "$HOME",
    "$(id)",
    "`id`",
    "a;b|c&d",
    "*",
    "--flag",
    "back\\slash",
    "new\nline",
    "ünïcode",
)
NEW_HOST_KEY = """\
cd /etc/ssh && rm ssh_host_ed25519_key* &&
ssh-keygen -q -t ed25519 -N "" -f ssh_host_ed25519_key && sudo reboot
"""


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_commands(box: Box, code: int) -> None:
    """Whatever code a command ends with, `spawn connect` ends with it, 255 included."""
    done = box.run("sh", "-c", f"echo out; echo err >&2; exit {code}")
    assert (done.code, done.stdout) == (code, "out\n")
    assert done.stderr == "err\n"


def test_words_arrive_as_they_were_given(box: Box) -> None:
    """Spaces, quotes, dollars, line ends and empty words reach the command unchanged."""
    done = box.run("printf", "%s\\0", *ODD_WORDS)
    assert tuple(done.stdout.split("\0")[:-1]) == ODD_WORDS


def test_bytes_pass_both_ways(box: Box) -> None:
    """Input and output of a command are bytes, of any value and more than fits a buffer."""
    everything = bytes(range(256)) * 4096
    ended = subprocess.run(
        [str(box.spawn.path), *box.connect_words("cat")],
        env=dict(box.spawn.environment),
        input=everything,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout == everything


def test_another_host_key_is_refused(launch: Launch, home: Path) -> None:
    """A key that the console did not show at the first login gets nothing sent to it."""
    box = launch()
    box.run("sh", "-c", NEW_HOST_KEY)
    pin = home / ".local/state/spawn/known_hosts" / box.id
    pinned = pin.read_bytes()
    box.await_console("-----BEGIN SSH HOST KEY KEYS-----", times=2)
    refused = box.run("touch", "reached")
    assert refused.code == 1
    assert f"what answers for {box.id} does not have its host key" in refused.stderr
    assert pin.read_bytes() == pinned
    # The way out that the message names, for whoever has made the keys anew.
    pin.rename(home / "moved-away")
    assert box.run("ls", "reached").code == 2
