"""The end of one instance that this process launched."""

from __future__ import annotations

from spawn.aws.perform import Performer
from spawn.cli.finding import everything
from spawn.cli.options import Account
from spawn.cli.wiring import Wiring
from spawn.lifecycle.cancel import cancel, plan_cancel
from spawn.lifecycle.outcomes import error_of
from spawn.lifecycle.resolve import resolve_words


def end_launched(wiring: Wiring, account: Account, instance_id: str, *, region: str) -> None:
    """End it now; nothing happens where it has ended. Raises AwsRefusal and its branches."""
    caller, listing = everything(wiring, account, region=region)
    plan = plan_cancel(
        resolve_words((instance_id,), listing), by=caller.arn, now=wiring.clock.now()
    )
    report = cancel(plan, Performer(writer=account.writer, clock=wiring.clock))
    error = error_of(report, done="ended")
    if error is not None:
        raise error
