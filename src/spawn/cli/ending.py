"""The end of one instance that this process launched: now, or later."""

from __future__ import annotations

from datetime import datetime, timedelta

from spawn.aws.perform import Performer
from spawn.cli.finding import everything
from spawn.cli.options import Account
from spawn.cli.settings import organisation_parameter, sources_of
from spawn.cli.wiring import Wiring
from spawn.connect.patience import in_silence
from spawn.lifecycle.cancel import cancel, plan_cancel
from spawn.lifecycle.extend import ExtendRequest, propose
from spawn.lifecycle.extend_apply import Extending
from spawn.lifecycle.outcomes import error_of
from spawn.lifecycle.resolve import resolve_one, resolve_words


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


def extend_launched(
    wiring: Wiring, account: Account, instance_id: str, *, region: str, longer: timedelta
) -> datetime:
    """Put its end off; return the new end date, which its agent is not waited for to follow.

    Raises what `propose` and `Extending.apply` raise.
    """
    caller, listing = everything(wiring, account, region=region)
    request = ExtendRequest(
        row=resolve_one(instance_id, listing),
        caller=caller,
        longer=longer,
        parameter=organisation_parameter(sources_of(wiring)),
    )
    plan = propose(request, account.reader, now=wiring.clock.now())
    performer = Performer(writer=account.writer, clock=wiring.clock)
    Extending(performer=performer, phase=in_silence).apply(plan)
    return plan.until
