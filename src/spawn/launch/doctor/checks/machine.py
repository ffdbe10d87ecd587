"""What this machine must have for keys and connections."""

from __future__ import annotations

import re
import shlex

from spawn.connect.kept_keys import LONGEST_USE
from spawn.core.levels import Level
from spawn.launch.doctor.facts import DoctorFacts
from spawn.launch.doctor.model import Area, Check, Judgement, missing, ok, unknown, warn

_OPENSSH = re.compile(r"OpenSSH_(?:for_Windows_)?([0-9]+)\.([0-9]+)", re.ASCII)
# OpenSSH's release notes, 8.7: scp speaks SFTP when told so (-s), as `spawn cp` does.
_COPIES_FROM = (8, 7)
_INSTALL_SSH = "sudo apt-get install openssh-client"
_OTHERS = 0o077


def _ssh(facts: DoctorFacts) -> Judgement:
    said = facts.machine.ssh
    if not said:
        return missing("ssh is not installed", _INSTALL_SSH)
    version = _OPENSSH.search(said)
    if version is None:
        return unknown(f"ssh -V says {said!r}, which is no version of OpenSSH")
    words = f"OpenSSH {version[1]}.{version[2]}"
    if (int(version[1]), int(version[2])) < _COPIES_FROM:
        return warn(f"{words}: `spawn cp` needs 8.7", _INSTALL_SSH)
    return ok(words)


def _key(facts: DoctorFacts) -> Judgement:
    machine = facts.machine
    if machine.key_problem is not None:
        return missing(machine.key_problem.what, machine.key_problem.command)
    if machine.key:
        age = machine.key_age_days or 0
        words = f"{machine.key}, {age} day{'' if age == 1 else 's'} old"
        return warn(words, "spawn key rotate") if age > LONGEST_USE.days else ok(words)
    if not machine.has_keygen:
        return missing("there is none, and no ssh-keygen to make one with", _INSTALL_SSH)
    return ok("the first launch makes it")


def _plugin(facts: DoctorFacts) -> Judgement:
    problem = facts.machine.plugin
    if problem is None:
        return ok("it is here, and keeps tokens to itself")
    bad = missing if facts.wanted.level is Level.STRICT else warn
    return bad(problem.what, problem.command)


def _aws_cli(facts: DoctorFacts) -> Judgement | None:
    if not facts.needs_aws_cli:
        return None
    problem = facts.aws_cli
    return ok("it opens tunnels") if problem is None else warn(problem.what, problem.command)


def _settings(facts: DoctorFacts) -> Judgement:
    problem = facts.machine.settings
    if problem is None:
        return ok("can be read, and are written by nobody else")
    return missing(problem.what, problem.command)


def _state(facts: DoctorFacts) -> Judgement:
    state = facts.machine.state
    if state.unreadable:
        return unknown(f"{state.path}: {state.unreadable}", shlex.join(("ls", "-ld", state.path)))
    if state.mode is None:
        return ok(f"{state.path}: the first launch makes it")
    if not state.is_own:
        return missing(
            f"{state.path} belongs to another user", shlex.join(("ls", "-ld", state.path))
        )
    if state.mode & _OTHERS:
        return warn(
            f"{state.path} is open to other users", shlex.join(("chmod", "700", state.path))
        )
    return ok(f"{state.path} is yours alone")


CHECKS = (
    Check(
        id="ssh",
        area=Area.MACHINE,
        why="connections and copies are OpenSSH's",
        judge=_ssh,
    ),
    Check(
        id="ssh-key",
        area=Area.MACHINE,
        why="instances let in whoever has it",
        judge=_key,
    ),
    Check(
        id="session-plugin",
        area=Area.MACHINE,
        why="AWS's session-manager-plugin is the way to instances without a public address, and "
        "one that is too old shows tokens to everybody on this machine",
        judge=_plugin,
    ),
    Check(
        id="aws-cli",
        area=Area.MACHINE,
        why="the VPC's EC2 Instance Connect Endpoint is gone through by the AWS CLI 2.12 or later",
        judge=_aws_cli,
    ),
    Check(
        id="settings",
        area=Area.MACHINE,
        why="what they hold decides what is launched",
        judge=_settings,
    ),
    Check(
        id="state",
        area=Area.MACHINE,
        why="your key and the journals of your launches lie there",
        judge=_state,
    ),
)
