"""What the account has set for new disks in a region: pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from spawn.aws.questions import Fact
from spawn.launch.doctor.data.model import DataRow, Judged, Outcome, aws_command, judged

_WHY = {
    "encrypted-by-default": "launches of spawn's ask for it in any case, other programs don't",
    "default-key": "disks that name no key are encrypted with it",
}
AWS_KEY = "alias/aws/ebs"


def disk_rows(by_default: Fact[bool], default_key: Fact[str], *, region: str) -> Iterator[DataRow]:
    """Judge whether each new disk is encrypted, and tell with which key."""
    for check, judgement in (
        ("encrypted-by-default", judged(by_default, partial(_by_default, region))),
        ("default-key", judged(default_key, _default_key)),
    ):
        yield DataRow(
            subject="disks",
            check=check,
            outcome=judgement.outcome,
            found=judgement.found,
            why=_WHY[check],
            command=judgement.command,
        )


def _by_default(region: str, is_on: bool | None) -> Judged:  # noqa: FBT001  as `judged` hands it on
    if is_on:
        return Judged(Outcome.PASS, "every new disk is encrypted")
    command = aws_command("ec2", "enable-ebs-encryption-by-default", "--region", region)
    return Judged(Outcome.FAIL, "a disk is encrypted only where that is asked for", command)


def _default_key(name: str | None) -> Judged:
    whose = "AWS's own" if is_aws_key(name or "") else "a customer's"
    return Judged(Outcome.NOTE, f"{name}, {whose}")


def is_aws_key(name: str) -> bool:
    """Say whether a default key is AWS's own, which every account has."""
    return name.endswith(AWS_KEY)
