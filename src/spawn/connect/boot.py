"""How an instance's boot went, read from what cloud-init writes. Pure: text in, an outcome out.

cloud-init runs a person's user-data in its last stage, and says of it (sources: `cmd/main.py`,
`subp.runparts`, `config/cc_scripts_user.py`, `config/cc_final_message.py`):

    /run/cloud-init/result.json   written when the last stage is over: that is the end of a boot
    /run/cloud-init/status.json   the stage that runs now
    /var/log/cloud-init.log       which script ended with which exit code, for root's eyes only
    the console                   that a script failed; since 20.4 not which one, nor its code

So an instance is asked over SSH where it can be, and its console is read else. Whoever is root
there can write both: what they say ends a wait, and no decision about safety hangs on it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec


class BootState(enum.StrEnum):
    """How far a boot is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class FailedPart:
    """A script of the user-data that failed. `exit_code` is negative for a signal's number.

    None where it is not known: it could not be started, or only the console could be read.
    """

    name: str
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class BootOutcome:
    """What a look at a boot shows.

    stage    what cloud-init does now, in its own words, "" where it does not say
    parts    the scripts that failed
    errors   cloud-init's own words for what failed, scripts among them
    why      why the state is UNKNOWN
    """

    state: BootState
    stage: str = ""
    parts: tuple[FailedPart, ...] = ()
    errors: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the boot has come to its end, well or not."""
        return self.state in (BootState.DONE, BootState.FAILED)

    @property
    def exit_code(self) -> int | None:
        """The first exit code of a failed script that is known."""
        return next((part.exit_code for part in self.parts if part.exit_code is not None), None)


# What the instance is asked, as one script for its shell: what each prints follows a line with
# its name. Old and new versions of cloud-init have all of it; `status --format` is new (22.4).
_MARK = "=====spawn====="
_QUESTIONS: Mapping[str, str] = {
    "status": "cloud-init status 2>/dev/null || [ $? -ne 127 ] || echo missing",
    "result": "cat /run/cloud-init/result.json 2>/dev/null",
    "stage": "cat /run/cloud-init/status.json 2>/dev/null",
    "unit": "systemctl is-failed cloud-final.service 2>/dev/null",
    "codes": (
        r"""sudo -n grep -aE "^(Command: \[|Exit code: )" /var/log/cloud-init.log 2>/dev/null"""
        " | tail -n 1000"
    ),
}
QUESTION = "\n".join(
    [f"echo; echo '{_MARK} {name}'; {question}" for name, question in _QUESTIONS.items()] + ["true"]
)

_RUNPARTS = re.compile(r"Runparts: \d+ failures \(([^()]+)\) in \d+ attempted commands")
_COMMAND = re.compile(r"^Command: \['(?:.*/)?([^'/]+)'\]$")
_EXIT_CODE = re.compile(r"^Exit code: (-?[0-9]{1,3})$")


class _Result(msgspec.Struct, frozen=True):
    errors: tuple[str, ...] = ()


class _ResultFile(msgspec.Struct, frozen=True):
    v1: _Result


class _Stage(msgspec.Struct, frozen=True):
    stage: str | None = None


class _StageFile(msgspec.Struct, frozen=True):
    v1: _Stage


def read_answer(text: str) -> BootOutcome:
    """Read what `QUESTION` printed on the instance."""
    sections = _sections(text)
    status = sections.get("status", "").partition("\n")[0].removeprefix("status:").strip()
    if status in ("missing", "disabled"):
        return BootOutcome(state=BootState.UNKNOWN, why=f"cloud-init is {status} on this image")
    try:
        result = msgspec.json.decode(sections.get("result", ""), type=_ResultFile).v1
    except msgspec.DecodeError:
        return _unfinished(sections)
    if not result.errors:
        return BootOutcome(state=BootState.DONE)
    return BootOutcome(
        state=BootState.FAILED,
        parts=_failed_parts(result.errors, _exit_codes(sections.get("codes", ""))),
        errors=result.errors,
    )


def _sections(text: str) -> dict[str, str]:
    sections = {}
    for section in text.split(f"\n{_MARK} ")[1:]:
        name, _, body = section.partition("\n")
        sections[name] = body.strip()
    return sections


def _unfinished(sections: Mapping[str, str]) -> BootOutcome:
    """Without a result the last stage is not over, or was ended amid its work."""
    if sections.get("unit") == "failed":
        word = "cloud-final.service failed before it was through"
        return BootOutcome(state=BootState.FAILED, errors=(word,))
    try:
        stage = msgspec.json.decode(sections.get("stage", ""), type=_StageFile).v1.stage
    except msgspec.DecodeError:
        if not sections.get("status"):
            return BootOutcome(state=BootState.UNKNOWN, why="cloud-init does not say how far it is")
        stage = None  # it has not begun
    return BootOutcome(state=BootState.RUNNING, stage=stage or "")


def _failed_parts(
    errors: tuple[str, ...], codes: Mapping[str, int | None]
) -> tuple[FailedPart, ...]:
    names = [
        name
        for error in errors
        for match in _RUNPARTS.finditer(error)
        for name in match[1].split(",")
    ]
    return tuple(FailedPart(name=name, exit_code=codes.get(name)) for name in dict.fromkeys(names))


def _exit_codes(log: str) -> dict[str, int | None]:
    """Return the exit codes by the name of the script; of two by one name the last boot's."""
    codes: dict[str, int | None] = {}
    name = ""
    for line in log.splitlines():
        if command := _COMMAND.match(line):
            name = command[1]
        elif name:
            code = _EXIT_CODE.match(line)
            codes[name] = int(code[1]) if code else None
            name = ""
    return codes


# The console. A stage that is not later than the one before belongs to another boot. Lines may
# have a prefix: the kernel's time and the name of what prints.
_STAGES = ("init-local", "init", "modules:config", "modules:final")
# What is longer is none of cloud-init's, and would take the patterns long to search.
_LONGEST_LINE = 2000
_WELCOME = re.compile(r"Cloud-init v\. .* running '([a-z:-]+)' at ")
_KERNEL = re.compile(r"\[ +0\.000000\] Linux version ")
_FINISHED = re.compile(r"Cloud-init v\. .* finished at ")
# systemd's own words for the last stage's unit, which an image may have described otherwise; a
# person may have changed cloud-init's.
_UNIT = r"(?:cloud-final\.service|Execute cloud user/final scripts|Cloud-init: Final Stage)"
_UNIT_ENDED = re.compile(rf"(?:Finished|Started) .*{_UNIT}")
_UNIT_FAILED = re.compile(rf"Failed to start .*{_UNIT}")
_FAILED_SCRIPT = re.compile(r"WARNING\]: Failed running (?:.*/)?([^/ ]+) \[(-?[0-9]{1,3}|-)\]")
_FAILED_MODULE = re.compile(r"WARNING\]: (Failed to run module .*|Running module .* failed)")


@dataclass
class _Boot:
    """What the console has shown of one boot so far; a failure stays, whatever follows it."""

    stage: str = ""
    is_over: bool = False
    parts: dict[str, int | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def read_console_boot(console: str) -> BootOutcome:
    """Read the last boot from a console. A script may print anything there, as is said above."""
    boot = _Boot()
    for line in console.splitlines():
        boot = _after(boot, line[:_LONGEST_LINE])
    parts = tuple(FailedPart(name=name, exit_code=code) for name, code in boot.parts.items())
    errors = tuple(dict.fromkeys(boot.errors))
    if boot.is_over:
        state = BootState.FAILED if parts or errors else BootState.DONE
        return BootOutcome(state=state, parts=parts, errors=errors)
    if boot.stage:
        return BootOutcome(state=BootState.RUNNING, stage=boot.stage)
    return BootOutcome(state=BootState.UNKNOWN, why="its console shows nothing of cloud-init")


def _after(boot: _Boot, line: str) -> _Boot:
    """Return the boot as it is after one more line; another one where that line begins it."""
    if welcome := _WELCOME.search(line):
        boot = _Boot() if _is_earlier(welcome[1], boot) else boot
        boot.stage = welcome[1]
    elif _KERNEL.search(line):
        boot = _Boot()
    elif script := _FAILED_SCRIPT.search(line):
        boot.parts[script[1]] = None if script[2] == "-" else int(script[2])
    elif module := _FAILED_MODULE.search(line):
        boot.errors.append(module[1])
    elif _UNIT_FAILED.search(line):
        boot.errors.append("cloud-final.service failed")
        boot.is_over = True
    elif _FINISHED.search(line) or _UNIT_ENDED.search(line):
        boot.is_over = True
    return boot


def _is_earlier(stage: str, boot: _Boot) -> bool:
    """Say whether a stage that begins now can't be one of the same boot."""
    if boot.is_over:
        return True
    if stage not in _STAGES or boot.stage not in _STAGES:
        return False
    return _STAGES.index(stage) <= _STAGES.index(boot.stage)
