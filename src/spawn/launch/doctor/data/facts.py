"""What the checks on data ask of AWS.

1. Who is calling, what is set for disks, where each bucket is.
2. Each bucket's settings, in its region; each key, its policy and grants; the caller's role.
3. What the account's policies say of the keys to whoever launches: keys mostly leave it to them.

What can't be seen is part of what is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spawn.aws import ec2, iam, kms, s3
from spawn.aws.door import Reader
from spawn.aws.iam_simulation import ContextEntry, Simulated, SimulatedCall, simulation_question
from spawn.aws.questions import (
    Absent,
    Asker,
    Fact,
    Known,
    Question,
    T,
    as_far_as_seen,
    value_of,
)
from spawn.aws.sts import Identity, caller_question
from spawn.core.errors import InputError
from spawn.launch.bucket import bucket_of
from spawn.launch.doctor.data.buckets import BucketState
from spawn.launch.doctor.data.disks import is_aws_key
from spawn.launch.doctor.data.key_use import CREATE_GRANT, NEEDED, KeyUser, context_of
from spawn.launch.doctor.data.keys import KeyState

_SIDE_BY_SIDE = 32
# Amazon S3 User Guide, "General purpose bucket naming rules".
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class DataWish:
    """What is to be looked at: spawn's own bucket and the default key, and what is named."""

    region: str
    buckets: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """All that was seen."""

    caller: Identity
    region: str
    encrypts_by_default: Fact[bool]
    default_key: Fact[str]
    buckets: tuple[BucketState, ...]
    keys: tuple[KeyState, ...]


def checked_wish(region: str, *, buckets: Iterable[str], keys: Iterable[str]) -> DataWish:
    """Return what is wished for, each once. Raises InputError for what no bucket is called."""
    named = tuple(dict.fromkeys(bucket.removeprefix("s3://").rstrip("/") for bucket in buckets))
    for bucket in named:
        if not _BUCKET_NAME.fullmatch(bucket):
            raise InputError(
                f"--bucket {bucket!r} is no bucket's name",
                why="3 to 63 lower-case letters, digits, dots and hyphens",
            )
    return DataWish(region=region, buckets=named, keys=tuple(dict.fromkeys(keys)))


def look_at_data(wish: DataWish, reader: Reader) -> DataFacts:
    """Ask all of it. Raises AwsRefusal where not even the caller is known."""
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        look = _Look(wish, Asker(reader, pool))
        return look.all()


class _Look:
    """One look: the wish, and whom to ask."""

    def __init__(self, wish: DataWish, asker: Asker) -> None:
        self._wish = wish
        self._asker = asker

    def all(self) -> DataFacts:
        """Ask round by round."""
        region = self._wish.region
        who = self._asker.ask(caller_question(region))
        by_default = self._ask(encrypts_by_default_question(region))
        default_key = self._ask(default_key_question(region))
        caller = value_of(who())
        key_names = self._key_names(default_key())
        user = self._user(caller)
        buckets = self._buckets(caller)
        keys = tuple(self._key(name, user) for name in key_names)
        key_arns = [one.key.value.arn for one in keys if isinstance(one.key, Known)]
        key_arn = key_arns[0] if len(self._wish.keys) == 1 and key_arns else ""
        return DataFacts(
            caller=caller,
            region=region,
            encrypts_by_default=by_default(),
            default_key=default_key(),
            buckets=tuple(wait(key_arn) for wait in buckets),
            keys=keys,
        )

    def _ask(self, question: Question[T]) -> Callable[[], Fact[T]]:
        wait = self._asker.ask(question)
        return lambda: as_far_as_seen(wait)

    def _key_names(self, default_key: Fact[str]) -> tuple[str, ...]:
        match default_key:
            case Known(value=name) if not is_aws_key(name):
                return tuple(dict.fromkeys((*self._wish.keys, name)))
            case _:
                return self._wish.keys

    def _user(self, caller: Identity) -> KeyUser:
        """Return who launches; a session's ARN has no path of its role's, so the role is asked."""
        kind, _, rest = caller.arn.rpartition(":")[2].partition("/")
        role_arn = None
        if kind == "assumed-role":
            name = rest.partition("/")[0]
            found = self._ask(iam.role_question(name, self._wish.region))()
            plain = f"arn:{caller.partition}:iam::{caller.account}:role/{name}"
            role_arn = found.value.arn if isinstance(found, Known) else plain
        return KeyUser(
            arn=caller.arn, account=caller.account, region=self._wish.region, role_arn=role_arn
        )

    def _buckets(self, caller: Identity) -> list[Callable[[str], BucketState]]:
        own = bucket_of(
            account=caller.account, partition=caller.partition, region=self._wish.region
        ).name
        names = tuple(dict.fromkeys((own, *self._wish.buckets)))
        where = {"account": caller.account, "region": self._wish.region}
        asked = {name: self._ask(s3.location_question(name, **where)) for name in names}
        found = {name: wait() for name, wait in asked.items()}
        return [
            self._bucket(name, place, caller, is_own=name == own)
            for name, place in found.items()
            # Nobody has needed spawn's own yet.
            if name in self._wish.buckets or not isinstance(place, Absent)
        ]

    def _bucket(
        self, name: str, place: Fact[str], caller: Identity, *, is_own: bool
    ) -> Callable[[str], BucketState]:
        region = place.value if isinstance(place, Known) else self._wish.region
        where = {"account": caller.account, "region": region}
        policy = self._ask(s3.policy_question(name, **where))
        public_access = self._ask(s3.public_access_question(name, **where))
        encryption = self._ask(s3.encryption_question(name, **where))
        versioning = self._ask(s3.versioning_question(name, **where))
        return lambda key_arn: BucketState(
            name=name,
            arn=f"arn:{caller.partition}:s3:::{name}",
            account=caller.account,
            region=place,
            policy=policy(),
            public_access=public_access(),
            encryption=encryption(),
            versioning=versioning(),
            is_own=is_own,
            key_arn=key_arn,
        )

    def _key(self, name: str, user: KeyUser) -> KeyState:
        region = self._wish.region
        key = self._ask(kms.key_question(name, region))()
        if not isinstance(key, Known):
            return KeyState(name=name, user=user, key=key)
        known = key.value
        asked_policy = self._ask(kms.key_policy_question(known.key_id, region))
        asked_grants = self._ask(kms.grants_question(known.key_id, region))
        asked_rotation = self._ask(kms.rotation_question(known.key_id, region))
        asked_account = self._simulate(known.arn, user)
        return KeyState(
            name=name,
            user=user,
            key=key,
            policy=asked_policy(),
            grants=asked_grants(),
            rotates=asked_rotation(),
            simulated=asked_account(),
        )

    def _simulate(self, key_arn: str, user: KeyUser) -> Callable[[], Fact[Mapping[str, str]]]:
        """Ask what the account's policies say; of root there is nothing to ask, it may all."""
        if user.holder.endswith(":root"):
            return lambda: Known(dict.fromkeys(NEEDED, "allowed"))
        call = SimulatedCall(
            actions=NEEDED,
            resource=key_arn,
            context=tuple(
                ContextEntry(key=name, values=values, type="boolean" if "Is" in name else "string")
                for name, values in context_of(user, CREATE_GRANT).items()
            ),
        )
        wait = self._ask(simulation_question(user.holder, call, region=self._wish.region))

        def answer() -> Fact[Mapping[str, str]]:
            found = wait()
            return Known(_decisions(found.value)) if isinstance(found, Known) else found

        return answer


def _decisions(results: tuple[Simulated, ...]) -> dict[str, str]:
    return {one.eval_action_name: one.eval_decision for one in results}


def encrypts_by_default_question(region: str) -> Question[bool]:
    """Ask whether each new disk of a region is encrypted."""
    return Question(
        operation=ec2.GET_EBS_ENCRYPTION_BY_DEFAULT,
        parameters={},
        region=region,
        understand=lambda answer: bool(answer["EbsEncryptionByDefault"]),
    )


def default_key_question(region: str) -> Question[str]:
    """Ask for the key of disks that name none."""
    return Question(
        operation=ec2.GET_EBS_DEFAULT_KMS_KEY_ID,
        parameters={},
        region=region,
        understand=lambda answer: str(answer["KmsKeyId"]),
    )
