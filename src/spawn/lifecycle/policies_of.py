"""The policies of whom a word means: a role, a user, or an instance, by name, id or ARN.

Each round needs the one before: who it is; of a user the groups; which policies there are; those
inside, and of the managed ones the version that counts; those versions. What can't be read is told
as such: what may be done can't be said then, and is not "nothing".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from spawn.aws import iam, iam_holders
from spawn.aws.iam_holders import GROUP, ROLE, USER, HolderKind, User
from spawn.aws.instance_details import instance_question
from spawn.aws.questions import Absent, Asker, Fact, Known, T, Unseen, as_far_as_seen, value_of
from spawn.core.errors import AccessDenied, AccountError, InputError, NamedThingNotFound
from spawn.core.ids import is_resource_id
from spawn.iam.arns import parse_arn
from spawn.lifecycle.listed import ListedInstance

FindInstance = Callable[[str], ListedInstance]


class HeldPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as AWS has it: its name, or its ARN where it is a managed one; its JSON text."""

    name: str
    text: str


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose policies they are.

    name       in words: "the role worker"
    principal  the ARN that asks in its name; of an instance its session's
    role_arn   the role's, None for a user
    boundary   its permissions boundary, None where it has none
    trust      who may assume the role, None for a user
    unseen     what could not be read, a sentence each
    is_file    whether it is a policy in a file, that nobody need have
    """

    name: str
    principal: str
    role_arn: str | None
    policies: tuple[HeldPolicy, ...]
    boundary: HeldPolicy | None = None
    trust: HeldPolicy | None = None
    unseen: tuple[str, ...] = ()
    is_file: bool = False


def policies_of(asker: Asker, word: str, *, region: str, find_instance: FindInstance) -> Holder:
    """Return the policies of whom a word means; a bare name is a role's, a user's, an instance's.

    `find_instance` is asked where it can be nothing else. Raises NamedThingNotFound for what is
    not there, AccessDenied where it can't be seen who is meant, AccountError for an instance
    without a role, and AwsRefusal where AWS can't be asked.
    """
    found = _Reading(asker, region)
    if word.startswith("arn:"):
        return _by_arn(found, word)
    kind, slash, name = word.partition("/")
    if slash and kind in {ROLE.word, USER.word}:
        return found.role(name) if kind == ROLE.word else found.user(name)
    if not is_resource_id(word, "i"):
        role, user = found.ask_role(word), found.ask_user(word)
        if isinstance(role_fact := role(), Known):
            return found.of_role(role_fact.value)
        if isinstance(user_fact := user(), Known):
            return found.of_user(user_fact.value)
        _refuse_unseen((role_fact, user_fact), word)
    return found.instance(find_instance(word))


def _by_arn(found: _Reading, word: str) -> Holder:
    try:
        arn = parse_arn(word)
    except ValueError as error:
        raise InputError(f"{word!r} is not an ARN", why="or give a name") from error
    kind, _, rest = arn.resource.partition("/")
    name = rest.rpartition("/")[2]
    match arn.service, kind:
        case "iam", "role":
            return _same(found.role(name), word)
        case "iam", "user":
            return _same(found.user(name), word)
        case "sts", "assumed-role":
            return msgspec.structs.replace(found.role(rest.partition("/")[0]), principal=word)
        case _:
            raise InputError(
                f"{word} is nobody who has policies", why="a role, a session of one, or a user has"
            )


def _same(holder: Holder, arn: str) -> Holder:
    # Names are unique without path and account: another ARN is another one, that is not here.
    if holder.principal != arn:
        raise NamedThingNotFound(
            f"there is no {arn} here", why=f"what has this name is {holder.principal}"
        )
    return holder


class _Reading:
    """Reads policies, and remembers what could not be read."""

    def __init__(self, asker: Asker, region: str) -> None:
        self._asker = asker
        self._region = region
        self._unseen: list[str] = []

    def ask_role(self, name: str) -> Callable[[], Fact[iam.Role]]:
        """Ask for a role."""
        return self._asker.ask(iam.role_question(name, self._region))

    def ask_user(self, name: str) -> Callable[[], Fact[User]]:
        """Ask for a user."""
        return self._asker.ask(iam_holders.user_question(name, self._region))

    def role(self, name: str) -> Holder:
        """Return what a role has, by its name."""
        return self.of_role(_there(self.ask_role(name)(), f"role {name}"))

    def user(self, name: str) -> Holder:
        """Return what a user has, by its name."""
        return self.of_user(_there(self.ask_user(name)(), f"user {name}"))

    def of_role(self, role: iam.Role) -> Holder:
        """Return what a role has."""
        policies, boundary = self._policies(((ROLE, role.role_name),), role.boundary_arn)
        return Holder(
            name=f"the role {role.role_name}",
            principal=role.arn,
            role_arn=role.arn,
            policies=policies,
            boundary=boundary,
            trust=_held("its trust policy", role.assume_role_policy_document),
            unseen=tuple(self._unseen),
        )

    def of_user(self, user: User) -> Holder:
        """Return what a user has, its groups' policies included."""
        groups = self._asker.ask(iam_holders.groups_question(user.user_name, self._region))
        holders = [(USER, user.user_name)]
        holders += [(GROUP, name) for name in self._seen(groups) or ()]
        policies, boundary = self._policies(holders, user.boundary_arn)
        return Holder(
            name=f"the user {user.user_name}",
            principal=user.arn,
            role_arn=None,
            policies=policies,
            boundary=boundary,
            unseen=tuple(self._unseen),
        )

    def instance(self, row: ListedInstance) -> Holder:
        """Return what the role of an instance has."""
        described = self._asker.ask(instance_question(row.id, region=row.region))
        shown = value_of(described())
        reference = shown[0].iam_instance_profile if shown else None
        if reference is None:
            raise AccountError(
                f"{row.id} has no role", why="without one, nothing on it may do anything in AWS"
            )
        name = reference.arn.rpartition("/")[2]
        asked = self._asker.ask(iam.instance_profile_question(name, self._region))
        profile = _there(asked(), f"instance profile {name}")
        if not profile.roles:
            raise AccountError(f"the instance profile {name} of {row.id} holds no role")
        holder = self.role(profile.roles[0].role_name)
        return msgspec.structs.replace(
            holder, name=f"{holder.name} of {row.id}", principal=_session_arn(holder, row.id)
        )

    def _policies(
        self, holders: Iterable[tuple[HolderKind, str]], boundary_arn: str | None
    ) -> tuple[tuple[HeldPolicy, ...], HeldPolicy | None]:
        """Read in two rounds: what is inside and which versions count; then those versions."""
        listed = [(kind, name, *self._ask_lists(kind, name)) for kind, name in holders]
        waiting: list[Callable[[], HeldPolicy | None]] = []
        arns: list[str] = []
        for kind, name, inline, attached in listed:
            inside, managed_arns = self._seen(inline), self._seen(attached)
            waiting += [self._ask_inline(kind, name, policy) for policy in inside or ()]
            arns += managed_arns or ()
        managed = self._managed([*dict.fromkeys(arns), *filter(None, [boundary_arn])])
        policies = [*(wait() for wait in waiting), *(managed.get(arn) for arn in arns)]
        boundary = managed.get(boundary_arn) if boundary_arn else None
        return tuple(dict.fromkeys(filter(None, policies))), boundary

    def _ask_lists(
        self, kind: HolderKind, name: str
    ) -> tuple[Callable[[], Fact[tuple[str, ...]]], Callable[[], Fact[tuple[str, ...]]]]:
        inline = self._asker.ask(iam_holders.inline_names_question(kind, name, self._region))
        attached = self._asker.ask(iam_holders.attached_question(kind, name, self._region))
        return inline, attached

    def _ask_inline(
        self, kind: HolderKind, name: str, policy: str
    ) -> Callable[[], HeldPolicy | None]:
        question = iam_holders.inline_question(kind, name, policy, region=self._region)
        pending = self._asker.ask(question)
        shown = f"{policy} of the group {name}" if kind is GROUP else policy

        def wait() -> HeldPolicy | None:
            found = self._seen(pending)
            return None if found is None else _held(shown, found.policy_document)

        return wait

    def _managed(self, arns: Iterable[str]) -> dict[str, HeldPolicy]:
        region = self._region
        versions = {
            arn: self._asker.ask(iam_holders.default_version_question(arn, region))
            for arn in dict.fromkeys(arns)
        }
        documents = {
            arn: self._asker.ask(iam_holders.version_question(arn, version, region))
            for arn, wait in versions.items()
            if (version := self._seen(wait)) is not None
        }
        return {
            arn: _held(arn, document)
            for arn, wait in documents.items()
            if (document := self._seen(wait)) is not None
        }

    def _seen(self, wait: Callable[[], Fact[T]]) -> T | None:
        """Return what is known. What isn't is remembered; what has gone meanwhile is nothing."""
        match as_far_as_seen(wait):
            case Known(value=value):
                return value
            case Unseen(operation=operation, why=why):
                self._unseen.append(f"{operation} failed: {why}")
                return None
            case Absent():
                return None


def _there(fact: Fact[T], what: str) -> T:
    if isinstance(fact, Absent):
        raise NamedThingNotFound(f"there is no {what}", next_command="aws iam list-roles")
    return value_of(fact)


def _refuse_unseen(facts: Iterable[Fact[Any]], word: str) -> None:
    for fact in facts:
        if isinstance(fact, Unseen):
            raise AccessDenied(
                f"AWS denied {fact.operation} of {word}", why=fact.why, operation=fact.operation
            )


def _held(name: str, document: object) -> HeldPolicy:
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    return HeldPolicy(name=name, text=text)


def _session_arn(role: Holder, session: str) -> str:
    """Return the ARN by which an instance calls (EC2 user guide, "IAM roles"): its id's session."""
    arn = parse_arn(role.principal)
    name = arn.resource.rpartition("/")[2]
    return f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{name}/{session}"
