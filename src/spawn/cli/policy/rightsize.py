"""`spawn policy rightsize`."""

from __future__ import annotations

from datetime import timedelta

import click

from spawn.audit.delivered import Window, windows_of
from spawn.audit.observe import HISTORY, observe
from spawn.cli.completing_instances import complete_instances
from spawn.cli.options import AccountWords, account_options, output_option
from spawn.cli.policies import Policies
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.policies import policy_json
from spawn.cli.rendering.rightsizing import notes_of, rightsized_text
from spawn.cli.wiring import Wiring
from spawn.core.durations import format_duration, parse_duration
from spawn.core.errors import InputError
from spawn.iam.arns import parse_arn
from spawn.lifecycle.meant import Meant


@click.command(name="rightsize")
@click.argument("word", metavar="INSTANCE|ROLE", shell_complete=complete_instances)
@click.option(
    "--since", metavar="DURATION", default="7d", show_default=True, help="How far to look back."
)
@click.option(
    "--trail-bucket",
    metavar="BUCKET",
    help="Read the log files of the trails that write there alone; all trails', unless given.",
)
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    word: str,
    since: str,
    trail_bucket: str | None,
    asked: AccountWords,
    output: Output,
) -> int:
    """Show the smallest policy that would have sufficed for what CloudTrail saw a role do.

    What CloudTrail could not have shown is kept, and named. -o json writes the policy alone.
    """
    from spawn.iam.compare import allowances
    from spawn.iam.rightsize import rightsize

    length = _length(since)
    policies = Policies(wiring, asked)
    meant = policies.held_by(word)
    window, session = _window(wiring, policies, meant, length=length)
    arns = [r for each in allowances(meant.subject) for r in each.resources]
    windows = windows_of(window, arns)
    if wiring.is_terminal:
        wiring.say("looking through CloudTrail, which answers two questions a second …")
    observed = observe(policies.account.reader, windows, session=session, bucket=trail_bucket)
    found = rightsize(meant.subject, observed.events, observed.sight)
    notes = (*meant.notes, *notes_of(found, observed, windows))
    if output is Output.TABLE:
        wiring.show(rightsized_text(found, observed, whose=meant.name, notes=notes))
        policies.say_account()
        wiring.say(
            f"next: spawn policy rightsize {word} -o json > policy.json,"
            " then spawn launch --iam-policy-file policy.json"
        )
        return 0
    is_json = output is Output.JSON
    wiring.show(policy_json(found.document) if is_json else document(found.document, output))
    for note in notes:
        wiring.tell(note)
    return 0


def _length(text: str) -> timedelta:
    length = parse_duration(text, flag="--since")
    if not timedelta(0) < length <= HISTORY:
        raise InputError(
            f"--since {text} is more than CloudTrail remembers",
            why=f"its history goes back {format_duration(HISTORY)}",
        )
    return length


def _window(
    wiring: Wiring, policies: Policies, meant: Meant, *, length: timedelta
) -> tuple[Window, str | None]:
    """Return what is to be looked at, and the session that an instance is; None for a role."""
    holder = meant.holder
    if holder is None or holder.role_arn is None:
        raise InputError(
            "only what a role does can be looked at",
            why="what people do is no measure of what they need",
        )
    asks, now = parse_arn(holder.principal), wiring.clock.now()
    window = Window(
        role_arn=holder.role_arn,
        account=asks.account,
        region=policies.region,
        since=now - length,
        until=now,
    )
    return window, asks.resource.rpartition("/")[2] if asks.service == "sts" else None
