"""`spawn ssh-ca trust`."""

from __future__ import annotations

import click

from spawn.aws.perform import Performer
from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import caller_question
from spawn.cli.assembly import own_trust
from spawn.cli.completing_instances import complete_instances
from spawn.cli.options import AccountWords, account_of, account_options, output_option, yes_option
from spawn.cli.planned import show_first
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.ssh_ca import trust_document, trust_text, trusted_text
from spawn.cli.way_options import bastion_option, ssm_option, user_option
from spawn.cli.ways import asked_route, cloud_of, named_instance, this_machine, way_to
from spawn.cli.wiring import Wiring
from spawn.connect.finding import by_certificate_only
from spawn.connect.ssh_ca.authority import require_authority
from spawn.connect.ssh_ca.certifying import certification_by
from spawn.launch.trusting import bring_trust, mark_trust, plan_trust


@click.command(name="trust")
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@user_option
@bastion_option
@ssm_option
@yes_option
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    user: str | None,
    bastion: str | None,
    ssm: bool,
    yes: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Have a running instance trust this machine's authority, with its revocation list of now.

    From then on it admits certificates and nothing else. It is changed over SSH, as it admits you
    today, and only once a certificate was seen to get in: else all stays as it was.
    """
    trust = own_trust(wiring)
    account = account_of(wiring, asked)
    instance_id, where = named_instance(wiring, account, instance, region=asked.region)
    caller = value_of(answer_of(account.reader, caller_question(account.region)))
    way, patience = way_to(
        wiring,
        account,
        instance_id,
        region=where,
        user=user,
        progress=wiring.tell,
        asked=asked_route(wiring, account, bastion=bastion, ssm=ssm, region=asked.region),
    )
    plan = plan_trust(
        way.instance, trust, region=where, login_user=way.target.user, caller_owner=caller.owner
    )
    show_first(wiring, trust_text(plan), yes=yes, output=output)
    if not wiring.confirm("do it?", yes=yes):
        wiring.say("nothing was changed")
        return 0
    authority = require_authority(wiring.paths.state, why="it is to be trusted")
    cloud, machine = cloud_of(wiring, account, region=where), this_machine(wiring)
    certified = by_certificate_only(way, certification_by(authority, cloud, machine))
    bring_trust(plan, way, certified, patience=patience, progress=wiring.tell)
    mark_trust(plan, Performer(writer=account.writer, clock=wiring.clock))
    done = trust_document(plan)
    wiring.show(trusted_text(plan) if output is Output.TABLE else document(done, output))
    return 0
