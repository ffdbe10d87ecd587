"""The policies that a command's words mean: templates, files, roles and instances."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.cli.finding import say_account
from spawn.cli.holders import find_holder
from spawn.cli.options import Account, AccountWords, account_of, with_settings
from spawn.cli.wiring import Wiring
from spawn.core.errors import AccountError, AwsRefusal, InputError, NamedThingNotFound
from spawn.iam.documents import PolicyDocument
from spawn.iam.grants import Subject
from spawn.iam.parsing import document_of, parse_document
from spawn.iam.scopes import Place
from spawn.iam.templates import TEMPLATES, parse_templates, statements
from spawn.lifecycle.policies_of import HeldPolicy, Holder

# What stands in ARNs where nobody says whose they are.
_PARTITION, _ACCOUNT, _REGION = "aws", "ACCOUNT", "REGION"
_TEMPLATE_SERVICES = frozenset(name.partition(":")[0] for name in TEMPLATES)

account_id_option = click.option(
    "--account",
    "account_id",
    metavar="NUMBER",
    default="",
    help="The account that templates are about; yours, unless given.",
)


@dataclass(frozen=True)
class Meant:
    """What words mean, and what is to be said of it: placeholders, what could not be seen."""

    subject: Subject
    notes: tuple[str, ...] = ()
    holder: Holder | None = None

    @property
    def name(self) -> str:
        """Whose they are, "" where nobody's."""
        return "" if self.holder is None else self.holder.name

    @property
    def document(self) -> PolicyDocument:
        """All statements as one document, as a role would carry them."""
        policies = self.subject.policies
        versions = {policy.version for policy in policies}
        return PolicyDocument(
            statements=tuple(each for policy in policies for each in policy.statements),
            **({"version": versions.pop()} if len(versions) == 1 else {}),
        )


class Policies:
    """Finds policies; AWS is asked only for what needs it. `account_id` may be "" (unknown)."""

    def __init__(self, wiring: Wiring, asked: AccountWords, *, account_id: str = "") -> None:
        self._wiring = wiring
        self._asked = asked
        self._account_id = account_id
        self._region = ""
        self._asked_aws = False

    @cached_property
    def account(self) -> Account:
        """The way to AWS. Raises InputError where no region is set."""
        return account_of(self._wiring, self._asked)

    @property
    def region(self) -> str:
        """The region of the instance that was named, or the account's."""
        return self._region or self.account.region

    @cached_property
    def caller(self) -> Identity:
        """Who is asking. Raises AwsRefusal and its branches."""
        return value_of(answer_of(self.account.reader, caller_question(self.account.region)))

    @cached_property
    def place(self) -> tuple[Place, str]:
        """Where templates are about, and what of it only stands for what the person will put in.

        Whoever gives the account is not asked for credentials, and without any none can be asked.
        """
        region = with_settings(self._wiring, self._asked).region or ""
        account_id, partition = self._account_id, _PARTITION
        # Whoever names a way to AWS is to hear why it is none.
        is_named = self._asked.profile or self._asked.assume_role or self._asked.local
        with suppress(*(() if is_named else (AwsRefusal, InputError))):
            region = self.account.region
            partition = self.account.session.partition(region)
            account_id = account_id or self.caller.account
        missing = [
            f"{word} stands for yours ({flag})"
            for word, flag, known in (
                (_ACCOUNT, "--account", account_id),
                (_REGION, "--region", region),
            )
            if not known
        ]
        place = Place(partition=partition, region=region or _REGION, account=account_id or _ACCOUNT)
        return place, "; ".join(missing)

    def meant_by(self, words: tuple[str, ...], *, flag: str) -> Meant:
        """Return what all of the words come to together. Raises InputError and its branches."""
        found = [self._meaning(word, flag) for word in words]
        if len(found) == 1:
            return found[0]
        bounded = next((each.name for each in found if each.subject.boundary), None)
        if bounded is not None:
            raise InputError(
                f"{bounded} has a permissions boundary, which would bound the others too",
                why="name it alone",
            )
        subject = Subject(policies=tuple(one for each in found for one in each.subject.policies))
        notes = dict.fromkeys(note for each in found for note in each.notes)
        return Meant(subject, tuple(notes))

    def _meaning(self, word: str, flag: str) -> Meant:
        if word.partition(":")[0] in _TEMPLATE_SERVICES and ":" in word:
            return self._template(word, flag)
        if Path(word).is_file() or word.endswith(".json") or word.startswith((".", "/")):
            document = parse_document(_text_of(word, flag), flag=f"{flag} {word}")
            return Meant(Subject(policies=(document,)))
        return self.held_by(word)

    def held_by(self, word: str) -> Meant:
        """Return the policies of a role, a user or an instance. Raises what `policies_of` does."""
        self._asked_aws = True
        holder, self._region = find_holder(
            self._wiring, self.account, word, region=self._asked.region
        )
        notes = [f"not all of {holder.name} could be read: {why}" for why in holder.unseen]
        if holder.boundary is not None:
            notes.append(f"within the permissions boundary {holder.boundary.name}")
        subject = Subject(
            policies=tuple(_parsed(held) for held in holder.policies),
            boundary=None if holder.boundary is None else _parsed(holder.boundary),
        )
        return Meant(subject, tuple(notes), holder)

    def say_account(self) -> None:
        """Say whose account was looked at, where one was."""
        if self._asked_aws:
            say_account(self._wiring, self.account, self.caller)

    def _template(self, word: str, flag: str) -> Meant:
        place, note = self.place
        found = tuple(
            statement
            for template in parse_templates([word], flag=flag)
            for statement in statements(
                template,
                partition=place.partition,
                region=place.region,
                account=place.account,
                flag=flag,
            )
        )
        subject = Subject(policies=(PolicyDocument(statements=found),))
        return Meant(subject, (note,) if note else ())


def _parsed(held: HeldPolicy) -> PolicyDocument:
    try:
        return document_of(held.text)
    except ValueError as error:
        raise AccountError(f"the policy {held.name} can't be read", why=str(error)) from error


def _text_of(word: str, flag: str) -> bytes:
    try:
        return Path(word).read_bytes()
    except OSError as error:
        raise NamedThingNotFound(f"{flag}: {word} can't be read", why=str(error)) from error
