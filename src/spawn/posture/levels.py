"""What a failing control leads to at each security level, and how one is waived.

1. Every control judges the posture: PASS, FAIL or UNKNOWN.
2. The level's table turns a FAIL into a reaction. An UNKNOWN never counts as passed: it warns
   wherever a FAIL would be noticed at all, and in `strict` it is as good as the FAIL: a launch
   that can't be seen to be right is not begun.
3. A waiver turns a refusal into a recorded exception, where the reaction admits one and the
   waiver has not run out. In `strict` nothing can be waived.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

import msgspec

from spawn.core.errors import InputError, RefusedByControl
from spawn.core.levels import Level
from spawn.posture.controls.control import Control, Judgement, Outcome, Severity
from spawn.posture.controls.registry import CONTROLS, find_control
from spawn.posture.model import Posture, Source


class Reaction(enum.StrEnum):
    """What a level does about a control that fails."""

    IGNORE = "ignore"
    WARN = "warn"
    REFUSE_WITHOUT_WAIVER = "refuse-without-waiver"
    REFUSE = "refuse"


class Disposition(enum.StrEnum):
    """What came of a control, level and waivers together.

    NOTED is a failure that this level is content with. WAIVED is a refusal that was overruled.
    """

    PASSED = "passed"
    NOTED = "noted"
    WARNED = "warned"
    WAIVED = "waived"
    REFUSED = "refused"


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that a control may fail, for a reason and for a time."""

    control: str
    reason: str
    by: str
    until: datetime


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one control found, and what comes of it.

    evidence  what was seen, a sentence without a final stop
    place     where: ids or names, empty where it is the instance itself
    remedy    what to write in the launch (a plan), or a command to type (a live instance)
    """

    control: str
    title: str
    severity: Severity
    outcome: Outcome
    disposition: Disposition
    evidence: str
    place: str = ""
    risk: str = ""
    remedy: str = ""
    waiver: Waiver | None = None


_IGNORE, _WARN = Reaction.IGNORE, Reaction.WARN
_WAIVABLE, _REFUSE = Reaction.REFUSE_WITHOUT_WAIVER, Reaction.REFUSE

# Control: what `open`, `standard` and `strict` do when it fails.
REACTIONS: dict[str, tuple[Reaction, Reaction, Reaction]] = {
    "NET-SSH-WORLD": (_WARN, _WAIVABLE, _REFUSE),
    "NET-PORT-WORLD": (_WARN, _WAIVABLE, _REFUSE),
    "NET-SSH-CLOSED": (_IGNORE, _IGNORE, _REFUSE),
    "NET-PUBLIC-ADDRESS": (_IGNORE, _IGNORE, _REFUSE),
    "NET-EGRESS": (_IGNORE, _IGNORE, _REFUSE),
    "EBS-ENCRYPTED": (_WARN, _WAIVABLE, _REFUSE),
    "EBS-CUSTOMER-KEY": (_IGNORE, _IGNORE, _REFUSE),
    "EBS-ENDS-WITH-INSTANCE": (_WARN, _WARN, _WARN),
    "IMDS-V2": (_WARN, _WAIVABLE, _REFUSE),
    # Containers with a network of their own need two hops, and are a good reason.
    "IMDS-HOP-LIMIT": (_WARN, _WARN, _REFUSE),
    "IAM-WILDCARD": (_WARN, _WAIVABLE, _REFUSE),
    # Only an administrator can give the account a boundary, so a launch can't be held to it.
    "IAM-BOUNDARY": (_IGNORE, _WARN, _WARN),
    "SECRET-IN-USER-DATA": (_WARN, _WAIVABLE, _REFUSE),
    # It was asked for by name, for a program that reads nothing else.
    "SECRET-IN-ENVIRONMENT": (_WARN, _WARN, _REFUSE),
    # Randomness alone proves nothing, and `strict` admits no waiver.
    "SECRET-LIKELY-IN-USER-DATA": (_WARN, _WARN, _WARN),
    "SECRET-IN-TAGS": (_WARN, _WAIVABLE, _REFUSE),
    "END-DATE": (_REFUSE, _REFUSE, _REFUSE),
    "END-WITHIN-30-DAYS": (_WARN, _REFUSE, _REFUSE),
    # A dead instance is the agent's duty first: the schedule is the second line, and may be
    # forbidden to the caller.
    "END-BACKSTOP": (_WARN, _WARN, _REFUSE),
    "END-BY-SHUTDOWN": (_WARN, _WARN, _WARN),
    "IMAGE-OWNER": (_WARN, _WARN, _REFUSE),
    "IMAGE-AGE": (_WARN, _WARN, _WARN),
    "TAG-OWNER": (_WARN, _REFUSE, _REFUSE),
    "TAG-REQUIRED": (_IGNORE, _IGNORE, _REFUSE),
}
_COLUMN = {Level.OPEN: 0, Level.STANDARD: 1, Level.STRICT: 2}


def judge(
    posture: Posture, level: Level, waivers: Iterable[Waiver], now: datetime
) -> tuple[Finding, ...]:
    """Return one finding for each control, in the registry's order. Raises nothing.

    A waiver that has run out at `now`, or that the level does not admit, has no effect here;
    `check_waivers` tells the person so.
    """
    valid = {waiver.control: waiver for waiver in waivers if now < waiver.until}
    return tuple(
        _finding(control, posture, level, waiver=valid.get(control.id)) for control in CONTROLS
    )


def reaction(control_id: str, outcome: Outcome, level: Level) -> Reaction:
    """Return what the level does about the outcome; rule 2 above."""
    on_failure = REACTIONS[control_id][_COLUMN[level]]
    match outcome:
        case Outcome.PASS:
            return Reaction.IGNORE
        case Outcome.FAIL:
            return on_failure
        case Outcome.UNKNOWN:
            is_fatal = level is Level.STRICT or on_failure is Reaction.IGNORE
            return on_failure if is_fatal else Reaction.WARN
        case _:
            assert_never(outcome)


def _finding(control: Control, posture: Posture, level: Level, *, waiver: Waiver | None) -> Finding:
    judgement = control.judge(posture)
    reacts = reaction(control.id, judgement.outcome, level)
    applied = waiver if reacts is Reaction.REFUSE_WITHOUT_WAIVER else None
    is_passed = judgement.outcome is Outcome.PASS
    return Finding(
        control=control.id,
        title=control.title,
        severity=control.severity,
        outcome=judgement.outcome,
        disposition=Disposition.PASSED if is_passed else _disposition(reacts, applied),
        evidence=judgement.evidence,
        place=judgement.place,
        risk="" if is_passed else control.risk,
        remedy=remedy(control, judgement, posture),
        waiver=applied,
    )


def _disposition(reacts: Reaction, applied: Waiver | None) -> Disposition:
    match reacts:
        case Reaction.IGNORE:
            return Disposition.NOTED
        case Reaction.WARN:
            return Disposition.WARNED
        case Reaction.REFUSE_WITHOUT_WAIVER:
            return Disposition.REFUSED if applied is None else Disposition.WAIVED
        case Reaction.REFUSE:
            return Disposition.REFUSED
        case _:
            assert_never(reacts)


def remedy(control: Control, judgement: Judgement, posture: Posture) -> str:
    """Return what mends it, quoted for a shell; nothing where nothing was seen to be wrong."""
    if judgement.outcome is not Outcome.FAIL:
        return ""
    if posture.source is Source.PLAN:
        return control.at_launch
    values = {
        "region": posture.region,
        "instance_id": posture.instance_id or "",
        **judgement.arguments,
    }
    return control.remedy.format_map({key: shlex.quote(text) for key, text in values.items()})


def refusals(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings for which a launch is not begun."""
    return tuple(found for found in findings if found.disposition is Disposition.REFUSED)


def refuse(findings: Iterable[Finding], level: Level) -> None:
    """Raise RefusedByControl where any finding refuses, with every reason and the first remedy."""
    refused = refusals(findings)
    if not refused:
        return
    reasons = "; ".join(
        f"{found.control}: {found.evidence}" + (f". {found.remedy}" if found.remedy else "")
        for found in refused
    )
    waivable = [found.control for found in refused if _is_waivable(found, level)]
    allow = f". To go on all the same: --allow {waivable[0]} --reason TEXT" if waivable else ""
    raise RefusedByControl(
        f"{len(refused)} {'control refuses' if len(refused) == 1 else 'controls refuse'} it"
        f" at --security {level}",
        why=reasons + allow,
        controls=tuple(found.control for found in refused),
    )


def _is_waivable(found: Finding, level: Level) -> bool:
    return reaction(found.control, found.outcome, level) is Reaction.REFUSE_WITHOUT_WAIVER


def make_waiver(control_id: str, *, reason: str, by: str, until: datetime) -> Waiver:
    """Return a waiver of a control that exists, for a reason that says something.

    Raises InputError for an unknown control, with the nearest one, and for an empty reason.
    """
    control = find_control(control_id, flag="--allow")
    if not reason.strip():
        raise InputError(
            f"--allow {control.id} needs a reason", why="it is recorded: write --reason TEXT"
        )
    return Waiver(control=control.id, reason=reason.strip(), by=by, until=until)


def check_waivers(findings: Iterable[Finding], waivers: Iterable[Waiver], level: Level) -> None:
    """Hold the promise that no flag is ignored: every waiver must have waived something.

    Raises InputError, saying why it has no effect, for the first one that did not.
    """
    by_control = {found.control: found for found in findings}
    for waiver in waivers:
        found = by_control.get(waiver.control)
        if found is None:
            find_control(waiver.control, flag="--allow")
        elif found.waiver != waiver:
            raise InputError(
                f"--allow {waiver.control} has no effect", why=_why_without_effect(found, level)
            )


def _why_without_effect(found: Finding, level: Level) -> str:
    if found.outcome is Outcome.PASS:
        return f"the control passes: {found.evidence}; leave it out"
    if found.disposition in (Disposition.NOTED, Disposition.WARNED):
        return f"--security {level} does not refuse it: leave it out"
    if level is Level.STRICT:
        return "--security strict admits no exceptions: mend it, or use --security standard"
    if found.disposition is Disposition.REFUSED and not _is_waivable(found, level):
        return f"--security {level} does not let anyone waive it"
    return "it is given twice, or has run out"
