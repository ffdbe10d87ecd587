"""What a door that only reads will not do, whoever asks it."""

from __future__ import annotations

import pytest

from spawn.aws import ec2, iam
from spawn.aws.door import ReadingDoor
from spawn.aws.operation import Operation
from spawn.aws.session import Session
from spawn.core.errors import Defect


@pytest.fixture
def door() -> ReadingDoor:
    """A door of somebody without credentials: what gets as far as AWS fails otherwise."""
    return ReadingDoor(Session(profile=None, region="us-east-1"))


def test_a_write_is_not_asked(door: ReadingDoor) -> None:
    """An operation that changes something is no question."""
    with pytest.raises(Defect, match="writes"):
        door.ask(ec2.RUN_INSTANCES, {"DryRun": True}, region="us-east-1")


@pytest.mark.parametrize("operation", [iam.CREATE_ROLE, iam.GET_ROLE], ids=lambda each: each.key)
def test_what_knows_no_dry_run_is_not_rehearsed(door: ReadingDoor, operation: Operation) -> None:
    """A service that would carry it out is never asked whether it would."""
    with pytest.raises(Defect, match="no dry run"):
        door.rehearse(operation, {}, region="us-east-1")
