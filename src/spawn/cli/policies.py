"""The policies that a command's words mean: templates, files, roles and instances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.cli.options import Account, AccountWords, account_of, with_settings
from spawn.cli.wiring import Wiring
from spawn.core.errors import AwsRefusal, InputError, NamedThingNotFound
from spawn.iam.documents import PolicyDocument
from spawn.iam.grants import Subject
from spawn.iam.parsing import parse_document
from spawn.iam.scopes import Place
from spawn.iam.templates import TEMPLATES, parse_templates, statements

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

    @cached_property
    def account(self) -> Account:
        """The way to AWS. Raises InputError where no region is set."""
        return account_of(self._wiring, self._asked)

    @cached_property
    def caller(self) -> Identity:
        """Who is asking. Raises AwsRefusal and its branches."""
        return value_of(answer_of(self.account.reader, caller_question(self.account.region)))

    @cached_property
    def place(self) -> tuple[Place, str]:
        """Where templates are about, and what of it only stands for what the person will put in.

        Nobody is asked who gives the account and the region, and without credentials none can be.
        """
        region = with_settings(self._wiring, self._asked).region or ""
        account_id, partition = self._account_id, _PARTITION
        if not (account_id and region):
            try:
                region = self.account.region
                partition = self.account.session.partition(region)
                account_id = account_id or self.caller.account
            except (AwsRefusal, InputError):
                pass
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
        boundaries = [each.subject.boundary for each in found if each.subject.boundary]
        subject = Subject(
            policies=tuple(policy for each in found for policy in each.subject.policies),
            boundary=boundaries[0] if boundaries else None,
        )
        notes = dict.fromkeys(note for each in found for note in each.notes)
        return Meant(subject, tuple(notes))

    def _meaning(self, word: str, flag: str) -> Meant:
        if word.partition(":")[0] in _TEMPLATE_SERVICES and ":" in word:
            return self._template(word, flag)
        return Meant(Subject(policies=(parse_document(_text_of(word, flag), flag=flag),)))

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


def _text_of(word: str, flag: str) -> bytes:
    try:
        return Path(word).read_bytes()
    except OSError as error:
        raise NamedThingNotFound(f"{flag}: {word} can't be read", why=str(error)) from error
