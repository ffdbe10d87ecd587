"""Who reaches metadata, by the kernel's own word: in a network that a test may rule."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spawn.local.requirements import missing_requirements

PREPARE = """\
import subprocess
from spored.imds import is_restricted, restrict
def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
"""


def said(program: str) -> list[str]:
    """Run a program as root of a network of its own; the lines that it prints."""
    words = ("unshare", "--user", "--map-root-user", "--net", sys.executable, "-c")
    done = subprocess.run((*words, PREPARE + program), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(autouse=True)
def able_machine() -> None:
    """Fail where the machine lets nobody have a network of his own."""
    missing = missing_requirements()
    if missing:
        pytest.fail("\n".join(f"{each.what}: {each.remedy}" for each in missing))


def test_the_rules_hold_and_come_once() -> None:
    """Open before, restricted after; doing it again changes nothing, for both kinds of address."""
    shown = said(
        "print(is_restricted())\n"
        "restrict(0)\n"
        "once = ip('rule') + ip('-6', 'rule')\n"
        "restrict(0)\n"
        "print(is_restricted(), once == ip('rule') + ip('-6', 'rule'))\n"
        "print(once)\n"
    )
    assert shown[:2] == ["False", "True True"]
    rules = "\n".join(shown)
    for address in ("169.254.169.254", "fd00:ec2::254"):
        assert f"2:\tfrom all to {address} prohibit" in rules
        assert f"1:\tfrom all to {address} iif lo uidrange 0-0 goto 3" in rules


def test_networkd_takes_the_rules_for_the_kernels() -> None:
    """Each says that the kernel made it: systemd-networkd removes all that others make."""
    shown = said("restrict(0)\nprint(ip('-d', 'rule') + ip('-6', '-d', 'rule'))\n")
    ours = [line for line in shown if line.startswith(("1:", "2:", "3:"))]
    assert len(ours) == 6
    assert all("proto kernel" in line for line in ours)


def test_a_rule_that_is_gone_is_noticed_and_comes_back() -> None:
    """Whoever flushes rules opens metadata: that is seen, and the next time it is closed again."""
    assert said(
        "restrict(0)\n"
        "ip('-6', 'rule', 'del', 'pref', '2')\n"
        "print(is_restricted())\n"
        "restrict(0)\n"
        "print(is_restricted())\n"
    ) == ["False", "True"]


def test_without_the_right_to_it_nothing_is_said_to_be_restricted() -> None:
    """Where the kernel refuses the rules, that is an error, whose words say what can't be done."""
    program = PREPARE + "restrict(0)\n"
    words = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", sys.executable)
    whole = ("unshare", "--user", "--map-root-user", "--net", *words, "-c", program)
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "metadata can't be kept from others" in done.stderr
