"""`spawn policy can`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.policy.batch import answer_batch
from spawn.cli.rendering.deciding import verdict_text
from spawn.cli.rendering.documents import Output, document
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.iam.parsing import parse_document
from spawn.lifecycle.can import OnlineVerdict, Verdict, Wish, judge
from spawn.lifecycle.policies_of import HeldPolicy, Holder

_DENIED, _UNSEEN = 3, 4


@click.command(name="can")
@click.argument("who", required=False)
@click.argument("action", required=False)
@click.argument("resource", required=False)
@click.option(
    "--context",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="A condition key of the request; given twice, it has two values.",
)
@click.option(
    "--resource-policy", metavar="FILE", help="The policy that the resource itself has: a bucket's."
)
@click.option(
    "--batch",
    metavar="FILE|-",
    help="Answer cases instead, a JSON object a line, line by line.",
)
@click.option(
    "--online", is_flag=True, help="Ask IAM's policy simulator too, and show where it differs."
)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    who: str | None,
    action: str | None,
    resource: str | None,
    pairs: tuple[str, ...],
    resource_policy: str | None,
    batch: str | None,
    online: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Say whether WHO may do ACTION on RESOURCE, and which statement decides.

    WHO is a policy file, a role, a user (by name or ARN) or an instance. Exit code 0: allowed;
    3: denied; 4: not known, since a policy could not be read. With a file no AWS is needed.
    With --online, the decision and the exit code are AWS's.

    A case of --batch has the members id, identity, resource_policy, resource_account, boundary,
    scps, session, principal, role_arn, action, resource and context. Exit code 6: not all lines
    could be judged; 2: none could.
    """
    if batch is not None:
        if who or pairs or resource_policy or online or output is Output.YAML:
            raise InputError(
                "--batch takes all from its cases", why="and answers with a JSON object a line"
            )
        return answer_batch(wiring, batch)
    if who is None or action is None or resource is None:
        raise InputError(
            "say who, which action, and on what",
            why="spawn policy can worker s3:GetObject arn:aws:s3:::bucket/key",
            next_command="spawn policy can --help",
        )
    wish = Wish(
        action=_action(action),
        resource=_resource(resource),
        context=_context(pairs),
        resource_policy=None if resource_policy is None else _file(resource_policy),
    )
    holder = _holder(wiring, asked, who)
    if online:
        verdict: Verdict = _asked_online(wiring, asked, holder, wish)
    else:
        verdict = judge(holder, wish, now=wiring.clock.now())
    wiring.show(verdict_text(verdict) if output is Output.TABLE else document(verdict, output))
    return _code(verdict)


def _code(verdict: Verdict) -> int:
    if verdict.is_allowed:
        return 0
    return _DENIED if verdict.is_known else _UNSEEN


def _asked_online(wiring: Wiring, asked: AccountWords, holder: Holder, wish: Wish) -> OnlineVerdict:
    from spawn.aws.questions import answer_of, value_of
    from spawn.lifecycle.can_online import compare, online_question, with_caller

    holder = with_caller(holder, wish)
    verdict = judge(holder, wish, now=wiring.clock.now())
    account = account_of(wiring, asked)
    question = online_question(holder, wish, verdict.context, region=account.region)
    return compare(verdict, value_of(answer_of(account.reader, question)))


def _holder(wiring: Wiring, asked: AccountWords, who: str) -> Holder:
    if Path(who).is_file():
        return Holder(name=who, principal="", role_arn=None, policies=(_file(who),), is_file=True)
    from spawn.cli.holders import find_holder

    holder, _ = find_holder(wiring, account_of(wiring, asked), who, region=asked.region)
    return holder


def _file(name: str) -> HeldPolicy:
    try:
        text = Path(name).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise NamedThingNotFound(f"{name} can't be read", why=str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text", why=str(error)) from error
    parse_document(text, flag=name)
    return HeldPolicy(name=name, text=text)


def _action(text: str) -> str:
    service, _, name = text.partition(":")
    if not service or not name or "*" in text or "?" in text:
        raise InputError(f"{text!r} is not one action", why="write one like s3:GetObject")
    return text


def _resource(text: str) -> str:
    if text != "*" and not text.startswith("arn:"):
        raise InputError(
            f"{text!r} is not an ARN",
            why="write one like arn:aws:s3:::bucket/key, or * for an action that has no resources",
        )
    return text


def _context(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputError(
                f"--context {pair!r} is not KEY=VALUE", why="such as aws:SourceIp=203.0.113.9"
            )
        context[key.lower()] = (*context.get(key.lower(), ()), value)
    return context
