"""`spawn launch`: words into a spec, one workflow, its result rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from spawn.cli.assembly import planner
from spawn.cli.launching import asked_of, carry_out, show_plan
from spawn.cli.options import account_of, account_options, output_option
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import Wiring
from spawn.core.levels import Level
from spawn.launch.spec import DEFAULT_INSTANCE_TYPE

SHOWN = ("plan", "requests", "user-data")
F = TypeVar("F", bound=Callable[..., Any])


def repeatable(name: str, *more: str, metavar: str, help: str) -> Callable[[F], F]:  # noqa: A002
    """Declare a flag that may be given several times, and holds commas too."""
    return click.option(name, *more, multiple=True, metavar=metavar, help=help)


@click.command(name="launch")
@click.option(
    "--instance-type",
    default=DEFAULT_INSTANCE_TYPE,
    show_default=True,
    metavar="TYPE",
    help="What hardware.",
)
@click.option("--ami", "--image-id", metavar="AMI", help="The image; else the newest Amazon Linux.")
@click.option("--az", "--availability-zone", metavar="ZONE", help="The availability zone.")
@click.option("--name", metavar="NAME", help="A name to call it by, for you and `spawn`.")
@click.option("--ttl", metavar="DURATION", help="When it ends by itself: 30m, 4h, 1d12h. Else 8h.")
@click.option(
    "--security",
    type=click.Choice([level.value for level in Level]),
    default=Level.STANDARD.value,
    show_default=True,
    help="How strict the defaults are.",
)
@click.option(
    "--key-pair", "--key-name", metavar="NAME", help="Your EC2 key pair; else your own spawn key."
)
@repeatable(
    "--security-groups",
    "--security-group-ids",
    metavar="SG,…",
    help="Your own security groups, in place of one that admits you alone.",
)
@repeatable("--ssh-from", metavar="CIDR|pl-…", help="Who may reach SSH; else your own address.")
@click.option("--vpc", "--vpc-id", metavar="VPC", help="The VPC; else the default one.")
@click.option("--subnet", "--subnet-id", metavar="SUBNET", help="The subnet; else one with room.")
@click.option("--public-ip/--no-public-ip", default=None, help="Whether it gets a public address.")
@click.option("--private-ip", metavar="ADDRESS", help="Its private address, within the subnet.")
@click.option(
    "--encrypt-volumes/--no-encrypt-volumes", default=None, help="Whether its disks are encrypted."
)
@click.option("--kms-key-id", metavar="KEY", help="The disks' KMS key: id, ARN or alias.")
@click.option(
    "--volume-size", type=click.IntRange(1, 65536), metavar="GIB", help="The root disk's size."
)
@click.option("--volume-type", metavar="TYPE", help="The root disk's type: gp3, io2 …")
@click.option(
    "--metadata-options",
    metavar="OPTION=VALUE,…",
    help="HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, InstanceMetadataTags.",
)
@repeatable("--tags", "--tag", metavar="KEY=VALUE,…", help="Tags for all that is made.")
@click.option("--user-data", metavar="TEXT|@FILE", help="What it runs at its first boot.")
@click.option("--user-data-file", metavar="FILE", help="The same, from a file.")
@repeatable(
    "--iam-policy",
    metavar="SERVICE:LEVEL[@SCOPE],…",
    help="What it may do in AWS: s3:ReadOnly@my-bucket/data/*",
)
@click.option("--iam-policy-file", metavar="FILE", help="A policy document of your own.")
@repeatable("--iam-managed-policies", metavar="NAME|ARN,…", help="Managed policies for its role.")
@click.option(
    "--iam-role", metavar="NAME|ARN", help="A role that exists, in place of one made for it."
)
@click.option("--permissions-boundary", metavar="NAME|ARN", help="The most that its role may do.")
@repeatable("--allow", metavar="CONTROL", help="Let this control fail, this once; with --reason.")
@click.option("--reason", metavar="WORDS", help="Why --allow is right; it is recorded.")
@click.option("--dry-run", is_flag=True, help="Show the plan and do nothing.")
@click.option(
    "--show",
    "shown",
    type=click.Choice(SHOWN),
    help="Show this of the plan, exactly, and do nothing.",
)
@click.option("--yes", is_flag=True, help="Accepted for scripts: a launch asks nothing.")
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML, Output.IDS)
@click.pass_obj
def command(
    wiring: Wiring, /, *, region: str | None, profile: str | None, local: bool, **words: Any
) -> int:
    """Launch an instance that is safe by default and ends by itself.

    Prints the plan in short, makes it, and says how to connect. Nothing is asked.
    """
    launch_id = wiring.new_launch_id()
    account = account_of(
        wiring, region=region, profile=profile, local=local, user_agent_extra=f"launch/{launch_id}"
    )
    spec = asked_of(wiring, account.region, words)
    replan = planner(wiring, account, spec, launch_id=launch_id, now=wiring.clock.now())
    output, shown = words["output"], words["shown"]
    if words["dry_run"] or shown:
        return show_plan(wiring, account, replan(), shown=shown, output=output)
    return carry_out(wiring, account, replan, plan=replan(), output=output)
