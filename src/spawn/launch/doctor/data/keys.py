"""The checks of one key: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from spawn.aws.kms import Key, KeyGrant
from spawn.aws.questions import Fact, Known, Unseen
from spawn.iam.evaluation import readable_document
from spawn.launch.doctor.data.key_use import (
    By,
    KeyUser,
    allowed_by,
    identity_policy,
    key_statements,
)
from spawn.launch.doctor.data.model import (
    DataRow,
    JsonObject,
    Judged,
    Outcome,
    aws_command,
    json_word,
    judged,
    unseen_words,
    with_statements,
)
from spawn.posture.model import KeyManager

_WHY = {
    "key-state": "without its key nothing that was encrypted with it can be read",
    "key-rotation": "what one key material protects is bounded by it, and its users notice nothing",
    "key-use": "EC2 uses it with the permissions of whoever launches: without one of these an"
    " instance ends as soon as it begins",
}
NOT_ASKED = Unseen("", "it was not asked")


@dataclass(frozen=True, kw_only=True)
class KeyState:
    """What is known of a key.

    name       as it was given
    user       who launches
    simulated  what the account's policies say to whoever launches, by action: "allowed" or not;
               Unseen where that can't be asked
    """

    name: str
    user: KeyUser
    key: Fact[Key]
    policy: Fact[str] = NOT_ASKED
    grants: Fact[tuple[KeyGrant, ...]] = NOT_ASKED
    rotates: Fact[bool] = NOT_ASKED
    simulated: Fact[Mapping[str, str]] = NOT_ASKED

    @property
    def subject(self) -> str:
        """How it is called in a row."""
        return f"kms {self.name}"


def key_rows(state: KeyState) -> Iterator[DataRow]:
    """Judge a key; one that can't be seen has one row that says so."""
    for check, judgement in _judgements(state):
        yield DataRow(
            subject=state.subject,
            check=check,
            outcome=judgement.outcome,
            found=judgement.found,
            why=_WHY[check],
            command=judgement.command,
        )


def _judgements(state: KeyState) -> Iterator[tuple[str, Judged]]:
    yield "key-state", judged(state.key, partial(_standing, state))
    if not isinstance(state.key, Known):
        return
    key = state.key.value
    if key.key_manager == KeyManager.AWS:
        yield "key-rotation", Judged(Outcome.PASS, "AWS rotates it each year")
        yield "key-use", Judged(Outcome.PASS, "it is AWS's own: EC2 may use it")
        return
    yield "key-rotation", judged(state.rotates, partial(_rotation, state, key))
    yield "key-use", judged(state.policy, partial(_use, state, key))


def _standing(state: KeyState, key: Key | None) -> Judged:
    if key is None:
        return Judged(Outcome.FAIL, f"there is no such key in {state.user.region}")
    if key.key_usage != "ENCRYPT_DECRYPT" or key.key_spec != "SYMMETRIC_DEFAULT":
        found = f"it is for {key.key_usage}, {key.key_spec}: EBS and S3 take symmetric keys alone"
        return Judged(Outcome.FAIL, found)
    if key.key_state == "Enabled":
        return Judged(Outcome.PASS, "enabled")
    enable = _on_key(state, "enable-key", key)
    command = {
        "Disabled": enable,
        "PendingDeletion": f"{_on_key(state, 'cancel-key-deletion', key)} && {enable}",
    }
    return Judged(Outcome.FAIL, f"it is {key.key_state}", command.get(key.key_state, ""))


def _rotation(
    state: KeyState,
    key: Key,
    rotates: bool | None,  # noqa: FBT001  as `judged` hands it on
) -> Judged:
    if rotates is None:
        return Judged(Outcome.FAIL, "KMS can't rotate a key of its kind")
    if rotates:
        return Judged(Outcome.PASS, "KMS rotates it")
    return Judged(Outcome.FAIL, "it is not rotated", _on_key(state, "enable-key-rotation", key))


def _use(state: KeyState, key: Key, text: str | None) -> Judged:
    try:
        policy = readable_document(text or "")
        raw: JsonObject = json.loads(text or "")
    except ValueError as error:
        return Judged(Outcome.UNKNOWN, f"its policy can't be understood: {error}")
    grants = state.grants.value if isinstance(state.grants, Known) else ()
    by = allowed_by(policy, grants, state.user, key_arn=key.arn)
    denied, nobody, left = (
        [action for action, what in by.items() if what is wanted]
        for wanted in (By.DENIED, By.NOBODY, By.ACCOUNT)
    )
    if denied:
        found = f"its policy denies {', '.join(denied)} to {state.user.holder}"
        return Judged(Outcome.FAIL, found)
    if nobody:
        return _not_given(state, key, raw, missing=nobody)
    if left:
        return judged(state.simulated, partial(_left_to_account, state, key, left))
    return Judged(Outcome.PASS, "it lets EC2 use it for you")


def _not_given(state: KeyState, key: Key, policy: JsonObject, *, missing: list[str]) -> Judged:
    if isinstance(state.grants, Unseen):
        found = f"its policy does not allow {', '.join(missing)}; {unseen_words(state.grants)}"
        return Judged(Outcome.UNKNOWN, found)
    added = with_statements(policy, key_statements(state.user))
    words = ("--policy-name", "default", "--policy", json_word(added))
    found = f"neither its policy nor a grant allows {', '.join(missing)} to {state.user.holder}"
    return Judged(Outcome.FAIL, found, _on_key(state, "put-key-policy", key, *words))


def _left_to_account(
    state: KeyState, key: Key, actions: list[str], said: Mapping[str, str] | None
) -> Judged:
    """Judge what the key leaves to the account's own policies for whoever launches."""
    if said is None:
        return Judged(Outcome.UNKNOWN, f"IAM knows no {state.user.holder} to be asked about")
    missing = [action for action in actions if said.get(action) != "allowed"]
    if not missing:
        return Judged(Outcome.PASS, "it leaves it to your policies, which let EC2 use it for you")
    found = f"it leaves it to your policies, which don't allow {', '.join(missing)}"
    return Judged(Outcome.FAIL, found, _put_policy(state.user, key))


def _put_policy(user: KeyUser, key: Key) -> str:
    kind, _, name = user.holder.rpartition(":")[2].partition("/")
    if kind not in {"user", "role"}:
        return ""
    return aws_command(
        "iam",
        f"put-{kind}-policy",
        f"--{kind}-name",
        name.rpartition("/")[2],
        "--policy-name",
        "spawn-disks",
        "--policy-document",
        json_word(identity_policy(key.arn)),
    )


def _on_key(state: KeyState, operation: str, key: Key, *words: str) -> str:
    place = ("--region", state.user.region, "--key-id", key.key_id)
    return aws_command("kms", operation, *place, *words)
