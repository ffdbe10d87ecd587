"""`spawn policy can`."""

from __future__ import annotations

from pathlib import Path

import click

from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.policy.batch import answer_batch
from spawn.cli.policy.beside import Beside, beside_options, policy_in
from spawn.cli.rendering.deciding import verdict_text
from spawn.cli.rendering.documents import Output, document
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError
from spawn.lifecycle.can import OnlineVerdict, Verdict, Wish, judge
from spawn.lifecycle.policies_of import Holder

_DENIED, _UNSEEN = 3, 4


@click.command(name="can")
@click.argument("who", required=False)
@click.argument("action", required=False)
@click.argument("resource", required=False)
@beside_options
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
    beside: Beside,
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
        if who or beside.is_any or online or output is Output.YAML:
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
    wish = beside.wish(action, resource)
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
        return Holder(
            name=who, principal="", role_arn=None, policies=(policy_in(who),), is_file=True
        )
    from spawn.cli.holders import find_holder

    holder, _ = find_holder(wiring, account_of(wiring, asked), who, region=asked.region)
    return holder
