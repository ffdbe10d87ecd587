"""The policies that a command's words mean: templates, files, roles and instances."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path

import click

from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.cli.finding import say_account
from spawn.cli.holders import find_holder
from spawn.cli.options import Account, AccountWords, account_of, with_settings
from spawn.cli.wiring import Wiring
from spawn.core.errors import AwsRefusal, InputError, NamedThingNotFound
from spawn.iam.documents import PolicyDocument
from spawn.iam.grants import Subject
from spawn.iam.parsing import parse_document
from spawn.iam.scopes import Place
from spawn.iam.templates import TEMPLATES, parse_templates, statements
from spawn.lifecycle.meant import Meant, of_holder, together

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
        return together([self._meaning(word, flag) for word in words])

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
        return of_holder(holder)

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


def _text_of(word: str, flag: str) -> bytes:
    try:
        return Path(word).read_bytes()
    except OSError as error:
        raise NamedThingNotFound(f"{flag}: {word} can't be read", why=str(error)) from error
