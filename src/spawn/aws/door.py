"""Performs operations. What holds only a `ReadingDoor` can't change anything."""

from __future__ import annotations

from typing import Any, Protocol

from botocore import xform_name

from spawn.aws.denials import (
    DECODE_AUTHORIZATION_MESSAGE,
    decoded_message,
    decoded_tags,
    decoded_words,
    denials_in,
)
from spawn.aws.operation import Access, Answer, Operation
from spawn.aws.refusals import translated
from spawn.aws.session import Session
from spawn.core.errors import AccessDenied, AwsRefusal, Defect
from spawn.core.steps import Parameters


class Reader(Protocol):
    """Whatever can be asked."""

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Return the whole answer, all pages of it. Raises AwsRefusal and its branches."""


class Writer(Reader, Protocol):
    """Whatever can also be told."""

    def do(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Perform a write, return its answer. Raises AwsRefusal and its branches."""


class Rehearser(Protocol):
    """Whatever can be asked whether a write would be allowed, without carrying it out."""

    def rehearse(self, operation: Operation, parameters: Parameters, *, region: str) -> None:
        """Return where EC2 would do it. Raises AwsRefusal and its branches where it would not."""


# EC2 API Reference, "Common parameters", DryRun: what a call answers that would have gone through.
_WOULD_SUCCEED = "DryRunOperation"


class ReadingDoor:
    """AWS, to be looked at."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Return the whole answer, all pages of it.

        Raises Defect for an operation that writes, AwsRefusal and its branches for the rest.
        """
        if operation.access is not Access.READ:
            raise Defect(f"{operation.key} writes, and was asked of a door that only reads")
        return _call(self._session, operation, parameters, region=region)

    def rehearse(self, operation: Operation, parameters: Parameters, *, region: str) -> None:
        """Return where EC2 would do it: it is asked with DryRun, which is put in here, always.

        Raises AwsRefusal and its branches where it would not, Defect for an operation that knows
        no DryRun and so would be carried out.
        """
        client = self._session.client(operation.service, region)
        if operation.service != "ec2" or not _knows_dry_run(client, operation):
            raise Defect(f"{operation.key} knows no dry run, and would be carried out")
        try:
            _call(self._session, operation, {**parameters, "DryRun": True}, region=region)
        except AwsRefusal as refusal:
            if refusal.code != _WOULD_SUCCEED:
                raise
        else:
            # AWS never answers so; whatever did may have carried it out, which must be seen.
            raise AwsRefusal(
                f"{operation.key} was answered as if it were no dry run", operation=operation.key
            )


class WritingDoor(ReadingDoor):
    """AWS, to be changed."""

    def do(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Perform a write, return its answer. Raises AwsRefusal and its branches."""
        return _call(self._session, operation, parameters, region=region)


def _call(session: Session, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
    try:
        return _ask(session, operation, parameters, region=region)
    except AccessDenied as denial:
        hides = not denial.denials or operation.access is Access.WRITE
        if denial.encoded and hides and operation is not DECODE_AUTHORIZATION_MESSAGE:
            _decode(session, denial, region)
        raise


def _decode(session: Session, denial: AccessDenied, region: str) -> None:
    """Put into the error what EC2's message hides, where the caller may know it.

    It is one call more, not waited for long, and none any more once it was denied: most people may
    not. A denial stays what it is, whatever comes of this.
    """
    if not session.decodes_denials:
        return
    parameters = {"EncodedMessage": denial.encoded}
    try:
        answer = _ask(
            session, DECODE_AUTHORIZATION_MESSAGE, parameters, region=region, in_haste=True
        )
        message = decoded_message(answer)
        words, tags = decoded_words(message), decoded_tags(message)
    except (AwsRefusal, ValueError):
        session.decodes_denials = False
        return
    if not denial.denials:
        denial.why, denial.denials = words, denials_in(words)
    if tags:
        denial.why = f"{denial.why}; what it is on has the tags {tags}"


def _ask(
    session: Session,
    operation: Operation,
    parameters: Parameters,
    *,
    region: str,
    in_haste: bool = False,
) -> Answer:
    client = session.client(operation.service, region, in_haste=in_haste)
    method = xform_name(operation.name)
    with translated(operation.key, actions=operation.actions, profile=session.profile):
        if operation.access is Access.READ and client.can_paginate(method):
            pages = client.get_paginator(method).paginate(**parameters)
            answer: dict[str, Any] = pages.build_full_result()
        else:
            answer = getattr(client, method)(**parameters)
    return answer


def _knows_dry_run(client: Any, operation: Operation) -> bool:
    parameters = client.meta.service_model.operation_model(operation.name).input_shape
    return parameters is not None and "DryRun" in parameters.members
