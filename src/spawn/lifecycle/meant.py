"""What the words of a command mean that compares or shows policies. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spawn.core.errors import AccountError, InputError
from spawn.iam.documents import PolicyDocument
from spawn.iam.grants import Subject
from spawn.iam.parsing import document_of
from spawn.lifecycle.policies_of import HeldPolicy, Holder


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


def of_holder(holder: Holder) -> Meant:
    """Return what somebody's policies come to, and what of them could not be seen.

    Raises AccountError for a policy that can't be read: IAM would not keep such a one.
    """
    notes = [f"not all of {holder.name} could be read: {why}" for why in holder.unseen]
    if holder.boundary is not None:
        notes.append(f"within the permissions boundary {holder.boundary.name}")
    subject = Subject(
        policies=tuple(_parsed(held) for held in holder.policies),
        boundary=None if holder.boundary is None else _parsed(holder.boundary),
    )
    return Meant(subject, tuple(notes), holder)


def together(found: Sequence[Meant]) -> Meant:
    """Return what all of them come to, as in one role.

    Raises InputError where one of several has a boundary, which would bound the others too.
    """
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


def _parsed(held: HeldPolicy) -> PolicyDocument:
    try:
        return document_of(held.text)
    except ValueError as error:
        raise AccountError(f"the policy {held.name} can't be read", why=str(error)) from error
