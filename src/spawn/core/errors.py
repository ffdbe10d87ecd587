"""Everything that spawn raises.

    SpawnError
    ├── InputError             what the person wrote can't be done          exit 2
    │   └── NamedThingNotFound    it names something that does not exist    exit 5
    ├── AccountError           the account is not in a state to do it       exit 1
    │   └── RefusedByControl      a control says no                         exit 3
    ├── AwsRefusal             AWS, or the way to it, said no               exit 1
    │   ├── AccessDenied          for want of a permission                  exit 4
    │   ├── CredentialsRefused    for want of valid credentials             exit 4
    │   ├── Throttled             for being asked too often                 exit 1
    │   └── Unreachable           there was no answer at all                exit 1
    ├── PartlyDone             some of it was done, and the rest is named   exit 6
    ├── Interrupted            the person pressed Ctrl-C                    exit 130
    └── Defect                 spawn itself is wrong                        exit 1

An error answers three questions, each in a field: what happened, why, and what to type next.
They are put into words in one place, `cli.rendering`; here they are data.
"""

from __future__ import annotations

from typing import ClassVar

from spawn.core.denials import Denial


class SpawnError(Exception):
    """The base of all of them; never raised itself.

    `what` is one sentence without a final stop. `why` may be empty. `next_command` is a line
    that can be typed as it stands, or empty where there is none. `aftermath` says, where something
    had begun, what of it was taken back and what is left: a sentence each.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", next_command: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_command = next_command
        self.aftermath: tuple[str, ...] = ()


class InputError(SpawnError):
    """What the person wrote is malformed, out of range, or an impossible combination."""

    exit_code = 2


class NamedThingNotFound(InputError):
    """A named subnet, image, key, instance or file does not exist."""

    exit_code = 5


class AccountError(SpawnError):
    """The account, as it stands, does not allow it: it has no VPC, say, or a changed role."""


class RefusedByControl(AccountError):
    """A control fails and the security level refuses what it fails on.

    `controls` are the ids of those that failed, in the order in which they were judged.
    """

    exit_code = 3

    def __init__(
        self, what: str, *, why: str = "", next_command: str = "", controls: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, why=why, next_command=next_command)
        self.controls = controls


class AwsRefusal(SpawnError):
    """AWS refused a call. `code` is AWS's own error code, `operation` is "service:Operation"."""

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        next_command: str = "",
        code: str = "",
        operation: str = "",
    ) -> None:
        super().__init__(what, why=why, next_command=next_command)
        self.code = code
        self.operation = operation


class AccessDenied(AwsRefusal):
    """The caller's policies don't allow the call.

    `denials` are what AWS's words say of it; none, where they say nothing. `encoded` is what EC2
    hides from all but who may ask STS to decode it.
    """

    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        next_command: str = "",
        code: str = "",
        operation: str = "",
        denials: tuple[Denial, ...] = (),
        encoded: str = "",
    ) -> None:
        super().__init__(what, why=why, next_command=next_command, code=code, operation=operation)
        self.denials = denials
        self.encoded = encoded


class CredentialsRefused(AwsRefusal):
    """There are no credentials, or AWS does not accept them (unknown, expired, disabled)."""

    exit_code = 4


class Throttled(AwsRefusal):
    """AWS asked for fewer calls, and kept asking after every retry."""


class Unreachable(AwsRefusal):
    """No answer: whether the call was carried out is not known."""


class PartlyDone(SpawnError):
    """Some of several things were done; `what` counts them and `why` names the others."""

    exit_code = 6


class Interrupted(SpawnError):
    """The person pressed Ctrl-C; the aftermath says what was taken back, and what is left."""

    exit_code = 130  # as shells count it: 128 + SIGINT


class Defect(SpawnError):
    """A promise that the code makes to itself was broken: never the person's fault."""
