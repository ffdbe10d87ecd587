"""With one action less than `spawn permissions` prints, a command says which, and what allows it.

The rows are those of `spawn.iam.permissions.commands.NEEDS`. What a new row needs here:

1. A scene in `scenes.SCENES` in which its command calls the operation; perhaps a state in which
   there is cause for it. A row without which the command fails and that no scene reaches fails
   `test_without_one_action_a_command_says_which` and says so.
2. Where only AWS itself could show it: a line in `ONLY_AWS`, with the reason.

A command that goes through another one's code is not walked a second time (`GOES_AS`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spawn.aws.table import operation
from spawn.iam.permissions.commands import NEEDS
from tests.integration.iam.scenes import SCENES, Scene
from tests.tools.forks import Serving

# AWS lets everybody ask who they are.
FREE = frozenset({"sts:GetCallerIdentity"})
# Judged after RunInstances has answered, or by nobody but AWS: `docs/aws-unverified.md`.
ONLY_AWS = {
    "iam:CreateServiceLinkedRole": "only the first spot instance of an account makes one",
    "kms:CreateGrant": "EC2 asks for a disk's key later: the instance ends, and says why",
    "kms:Decrypt": "as kms:CreateGrant",
    "kms:GenerateDataKeyWithoutPlaintext": "as kms:CreateGrant",
    "kms:ReEncryptFrom": "as kms:CreateGrant",
    "kms:ReEncryptTo": "as kms:CreateGrant",
}
# Commands that carry out a launch, and which rows of it show that they say what it says.
GOES_AS = {"apply": "launch", "run": "launch"}
SHOWN_OF_IT = frozenset({"ec2:DescribeImages", "iam:CreateRole", "ec2:RunInstances"})
# Where less is said than that, and what is: a row that says all of it by now fails.
LESS = {
    ("launch", "ec2:TerminateInstances"): "what is left behind is named, the statement is not",
    ("launch", "scheduler:DeleteSchedule"): "what is left behind is named, the statement is not",
    ("launch", "s3:GetBucketLocation"): "AWS says the same of a stranger's bucket: both are named",
    ("launch", "iam:GetRolePolicy"): "asked for where a role is used again",
    ("launch", "iam:ListAttachedRolePolicies"): "asked for where a role is used again",
    ("launch", "iam:ListRolePolicies"): "asked for where a role is used again",
    ("launch", "s3:GetBucketPolicy"): "asked for where a bucket is used again",
    ("launch", "s3:GetBucketPublicAccessBlock"): "asked for where a bucket is used again",
    ("launch", "s3:GetLifecycleConfiguration"): "asked for where a bucket is used again",
    ("extend", "iam:GetRolePolicy"): "asked for where a role is used again",
    ("extend", "iam:ListAttachedRolePolicies"): "asked for where a role is used again",
    ("extend", "iam:ListRolePolicies"): "asked for where a role is used again",
    ("extend", "scheduler:GetScheduleGroup"): "the group is made anyhow, and may be there already",
    ("hold", "ec2:DescribeInstanceAttribute"): "whether it holds is UNKNOWN, and says why",
    ("policy install", "iam:GetRolePolicy"): "asked for where a role is used again",
    ("policy install", "iam:ListAttachedRolePolicies"): "asked for where a role is used again",
    ("policy install", "iam:ListRolePolicies"): "asked for where a role is used again",
    ("launch", "s3:PutBucketTagging"): "the bucket serves without its tags",
    ("launch", "s3:PutLifecycleConfiguration"): "the bucket serves, and keeps old scripts",
    ("launch", "scheduler:GetSchedule"): "the schedule can't be read back: UNKNOWN",
    ("cleanup", "iam:GetRole"): "a role that can't be seen is kept, and shown as kept",
    ("cleanup", "iam:ListAttachedRolePolicies"): "as iam:GetRole",
    ("cleanup", "iam:ListInstanceProfilesForRole"): "as iam:GetRole",
    ("cleanup", "iam:ListRolePolicies"): "as iam:GetRole",
    ("cleanup", "iam:ListRoles"): "as iam:GetRole",
    ("cleanup", "scheduler:DeleteSchedule"): "the instance ends, and its schedule finds nothing",
    ("guardrails apply", "iam:ListPolicyVersions"): "asked for where no more versions fit",
    ("unhold", "ec2:DescribeInstanceAttribute"): "what it can't see it takes away anyhow",
    ("unhold", "iam:GetRolePolicy"): "asked for where a role is used again",
    ("unhold", "iam:ListAttachedRolePolicies"): "asked for where a role is used again",
    ("unhold", "iam:ListRolePolicies"): "asked for where a role is used again",
    ("unhold", "scheduler:GetScheduleGroup"): "the group is made anyhow, and may be there already",
    ("launch", "scheduler:GetScheduleGroup"): "the group is made anyhow, and may be there already",
}
# Not walked, though their scenes run under what is printed for them: the first two tell what they
# may not see in what they show, and the third changes an instance that runs (`tests/e2e`).
WALKED = NEEDS.keys() - {"doctor", "guardrails status", "ssh-ca trust"}


class Stage:
    """The scenes, each run at most once for each set of actions that is taken away."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._whole: dict[int, Any] = {}

    def whole(self, number: int) -> Any:
        """What comes of a scene under all that is printed for its command."""
        if number not in self._whole:
            self._whole[number] = self.without(number)
        return self._whole[number]

    def without(self, number: int, *actions: str) -> Any:
        """What comes of a scene without these actions."""
        return self._serving.ask(scene=number, removed=actions)

    def scene_with(self, command: str, action: str) -> int | None:
        """The first scene of a command that needs the action."""
        for number, scene in enumerate(SCENES):
            if scene.command == command:
                needed = {each for _, each in self.whole(number)["needed"]}
                if action in needed:
                    return number
        return None


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """All scenes, in one process and its copies."""
    with Serving("tests.integration.iam.scenes", tmp_path_factory.mktemp("scenes") / "home") as one:
        yield Stage(one)


def _rows() -> Iterator[tuple[str, str]]:
    """Each command, with each action without which it, or what was asked of it, can't be done."""
    for command, needs in NEEDS.items():
        required = [need.operation for need in needs if not need.without]
        actions = {action for one in required for action in operation(one).actions} - FREE
        if command in GOES_AS:
            like = {need.operation for need in NEEDS[GOES_AS[command]]}
            own = {a for one in required if one not in like for a in operation(one).actions}
            actions &= own | SHOWN_OF_IT
        if command in WALKED:
            yield from ((command, action) for action in sorted(actions - ONLY_AWS.keys()))


ROWS = tuple(_rows())


def named(scene: Scene) -> str:
    """A name for a scene in the list of tests."""
    return " ".join((scene.command, *scene.words))[:40]


@pytest.mark.parametrize("number", range(len(SCENES)), ids=[named(scene) for scene in SCENES])
def test_a_scene_stays_within_its_row(number: int, stage: Stage) -> None:
    """Under what is printed for its command a scene comes to its end, and calls nothing else."""
    scene, tried = SCENES[number], stage.whole(number)
    called = {each for each, _ in tried["needed"]}
    assert called <= {need.operation for need in NEEDS[scene.command]}
    if scene.lacking:
        assert tried["code"] == 4
    else:
        assert tried["code"] == scene.code, tried["stderr"]
        assert "is not authorized to perform" not in tried["stdout"] + tried["stderr"]


@pytest.mark.parametrize(("command", "action"), ROWS)
def test_without_one_action_a_command_says_which(command: str, action: str, stage: Stage) -> None:
    """It fails, names the action and its resource, and says the statement to add."""
    number = stage.scene_with(command, action)
    assert number is not None, f"no scene of {command!r} needs {action}: see the top of this test"
    tried = stage.without(number, action)
    said = tried["stderr"]
    advice = f'this statement allows it: {{"Effect": "Allow", "Action": "{action}", "Resource": '
    if (command, action) in LESS:
        assert tried["code"] == 0 or action in said
        assert advice not in said
        return
    assert tried["code"] in (3, 4, 6), said
    assert f"is not authorized to perform: {action}" in said
    assert advice in said
    if command in ("launch", "apply", "run"):
        assert tried["left"] == (1 if action == "ec2:TerminateInstances" else 0)
