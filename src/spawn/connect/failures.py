"""What became of an ssh: did it get there, and if not, why.

ssh ends with 255 both for its own failures and for a command that did so. Which it was stands in
its log: past authentication, the code is the command's.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass

from spawn.connect.programs import Completed

SSH_FAILED = 255


class Failure(enum.StrEnum):
    """Why there is no connection."""

    HOST_KEY = "the host key is another one"
    KEY_REFUSED = "the instance did not accept the key"
    REFUSED = "nothing listens for SSH on the instance"
    TIMED_OUT = "no answer"
    NO_ROUTE = "there is no way to its address"
    CLOSED = "the connection was closed before login"
    LOST = "the connection was lost"
    NOT_FORWARDED = "a port could not be forwarded"
    OTHER = "ssh could not connect"

    @property
    def passes_within_seconds(self) -> float:
        """For how long a booting instance may show it; 0 where it does not pass by itself."""
        return _PASSES_WITHIN_SECONDS.get(self, 0.0)


# cloud-init orders itself before sshd, and so installs the key first; an image that does not
# follow it needs a moment more. A wrong key stays wrong: that is not waited for like a boot.
_PASSES_WITHIN_SECONDS = {Failure.KEY_REFUSED: 20.0} | dict.fromkeys(
    (Failure.REFUSED, Failure.TIMED_OUT, Failure.NO_ROUTE, Failure.CLOSED), math.inf
)
# In order: a log may match several. The phrases are those of OpenSSH's ssh.c, sshconnect.c,
# sshconnect2.c, kex.c and packet.c; it does not translate them.
_PHRASES = (
    (Failure.HOST_KEY, ("Host key verification failed", "no matching host key type")),
    (Failure.KEY_REFUSED, (": Permission denied (", "Too many authentication failures")),
    (Failure.REFUSED, ("Connection refused",)),
    (Failure.TIMED_OUT, ("timed out",)),
    (Failure.NO_ROUTE, ("No route to host", "Network is unreachable")),
    (Failure.CLOSED, ("Connection closed", "Connection reset", "kex_exchange_identification")),
)
# What nobody answers: a security group, a route, a machine that is still off.
SILENT = frozenset({Failure.TIMED_OUT, Failure.NO_ROUTE})
_LOST_PHRASES = (
    "not responding",
    "send disconnect",
    "Connection reset",
    "Corrupted MAC",
    "timed out",
)
# ssh.c, with ExitOnForwardFailure; what the system said of it stands before.
_NOT_FORWARDED_PHRASES = ("Could not request ", "Error: remote port forwarding failed")
_LISTENING_PHRASES = ("bind ", "bind: ", "cannot listen ")
# How ssh -W tells what became of the connection from the bastion onwards.
_ONWARD = re.compile(r"(?:channel \d+: )?open failed: (.*)")
# clientloop.c writes this one to its standard error, past the log.
_CLOSED_BY_REMOTE = re.compile(rb"^Connection to \S+ closed by remote host\.\r?\n?\Z", re.MULTILINE)
_AUTHENTICATED = "Authenticated to "
_OFFERED = re.compile(r"sent by the remote host is\s+(SHA256:[A-Za-z0-9+/]{43})\.")


@dataclass(frozen=True, kw_only=True)
class NotConnected:
    """No connection, or none any more; `message` is ssh's own, `offered` a fingerprint or ""."""

    failure: Failure
    message: str
    offered: str = ""


def judge(ended: Completed, log: str) -> NotConnected | None:
    """Return why ssh failed, None where the exit code is the command's own.

    The standard error of `ended` is empty where it went to the terminal: a server that hung up
    is told there by ssh itself, and the code then stays 255.
    """
    if ended.returncode != SSH_FAILED:
        return None
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if any(line.startswith(_AUTHENTICATED) for line in lines):
        return _after_login(ended, lines)
    offered = _OFFERED.search(log)
    said = [*lines[-1:], *ended.stderr.decode("utf-8", "replace").split("\n")]
    return NotConnected(
        failure=_failure_of(lines, Failure.OTHER),
        message="; ".join(line.strip() for line in said if line.strip()),
        offered=offered[1] if offered else "",
    )


def judge_bastion(log: str) -> NotConnected | None:
    """Return why a bastion that was logged in to could not lead on, from the log of its ssh -W.

    None where that says nothing of it.
    """
    onward = [match for line in log.splitlines() if (match := _ONWARD.search(line))]
    if not onward:
        return None
    said = onward[-1][1].strip()
    return NotConnected(failure=_failure_of([said], Failure.CLOSED), message=f"the bastion: {said}")


def judge_host(log: str) -> NotConnected | None:
    """Return why a host of the person's own could not be logged in to, from its ssh's log.

    None where that says nothing of it: a log may hold warnings, too. Such a host is no booting
    instance of ours, so nothing is waited for.
    """
    said = [line.strip() for line in log.splitlines() if _is_failure(line)]
    if not said:
        return None
    return NotConnected(failure=Failure.OTHER, message=f"the bastion: {'; '.join(said)}")


def _is_failure(line: str) -> bool:
    phrases = (*(phrase for _, phrases in _PHRASES for phrase in phrases), "Could not resolve")
    return _mentions([line], phrases)


def _after_login(ended: Completed, lines: list[str]) -> NotConnected | None:
    if _mentions(lines, _NOT_FORWARDED_PHRASES):
        phrases = (*_NOT_FORWARDED_PHRASES, *_LISTENING_PHRASES)
        said = [line for line in lines if _mentions([line], phrases)]
        return NotConnected(failure=Failure.NOT_FORWARDED, message="; ".join(said))
    said = [line for line in lines if any(phrase in line for phrase in _LOST_PHRASES)]
    closed = _CLOSED_BY_REMOTE.search(ended.stderr)
    if closed:
        said.append(closed[0].decode("utf-8", "replace").strip())
    return NotConnected(failure=Failure.LOST, message="; ".join(said)) if said else None


def _failure_of(lines: list[str], otherwise: Failure) -> Failure:
    found = (failure for failure, phrases in _PHRASES if _mentions(lines, phrases))
    return next(found, otherwise)


def _mentions(lines: list[str], phrases: tuple[str, ...]) -> bool:
    return any(phrase in line for line in lines for phrase in phrases)
