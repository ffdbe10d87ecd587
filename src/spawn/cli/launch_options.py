"""The flags that say what to launch: shared by `spawn launch` and `spawn run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from spawn.core.endings import End
from spawn.core.levels import Level
from spawn.images.catalog import OperatingSystem
from spawn.launch.spec import DEFAULT_INSTANCE_TYPE, MOST_INSTANCES, EndAction

F = TypeVar("F", bound=Callable[..., Any])


def _repeatable(name: str, *more: str, metavar: str, help: str) -> Callable[[F], F]:  # noqa: A002
    """Declare a flag that may be given several times, and holds commas too."""
    return click.option(name, *more, multiple=True, metavar=metavar, help=help)


_END_ACTIONS = click.Choice([action.value for action in EndAction])

_ENDINGS = (
    click.option("--pre-stop", metavar="COMMAND", help="What it runs before it ends, as root."),
    click.option("--pre-stop-timeout", metavar="DURATION", help="How long that may take. Else 2m."),
    click.option("--idle-timeout", metavar="DURATION", help="End it once it was idle for so long."),
    click.option(
        "--idle-cpu",
        type=click.IntRange(1, 100),
        metavar="PERCENT",
        help="Less use of one processor than that is idle. Else 10.",
    ),
    click.option(
        "--idle-network",
        type=click.IntRange(min=0),
        metavar="BYTES",
        help="Less traffic a second than that is idle. Else 10000.",
    ),
    _repeatable("--active-processes", metavar="NAME,…", help="Not idle while one of these runs."),
    _repeatable("--active-ports", metavar="PORT,…", help="Not idle with a connection on these."),
    click.option("--on-idle", type=_END_ACTIONS, help="What becomes of it then. Else terminate."),
    click.option(
        "--on-complete",
        type=_END_ACTIONS,
        help="What becomes of it when its work says `spored complete`.",
    ),
    click.option("--completion-file", metavar="PATH", help="A file there says so, too."),
    click.option(
        "--completion-delay", metavar="DURATION", help="How long after that it ends. Else 30s."
    ),
    click.option(
        "--hibernation/--no-hibernation", default=False, help="Let it be hibernated later."
    ),
)

_OPTIONS = (
    click.option(
        "--instance-type",
        default=DEFAULT_INSTANCE_TYPE,
        show_default=True,
        metavar="TYPE,…",
        help="What hardware; several are tried in their order.",
    ),
    click.option(
        "--os",
        "os_",
        type=click.Choice([each.value for each in OperatingSystem]),
        help="The newest image of this system; else al2023, with drivers where the type has a GPU.",
    ),
    click.option("--ami", "--image-id", metavar="AMI", help="An image of your choice instead."),
    click.option(
        "--agent/--no-agent",
        default=True,
        help="Whether the instance ends itself; without, its backstop alone ends it.",
    ),
    _repeatable(
        "--az", "--availability-zone", metavar="ZONE,…", help="The zones to try; else all that fit."
    ),
    click.option(
        "--count",
        type=click.IntRange(1, MOST_INSTANCES),
        default=1,
        help="How many, in one launch.",
    ),
    click.option(
        "--min-count", type=click.IntRange(1, MOST_INSTANCES), help="How many are enough; else all."
    ),
    click.option(
        "--spot/--no-spot", default=False, help="Use spare capacity, which AWS may take back."
    ),
    click.option("--spot-max-price", metavar="USD", help="The most to pay for it, an hour."),
    click.option("--max-cost", metavar="USD", help="Refuse what may cost more until its end date."),
    click.option("--name", metavar="NAME", help="A name to call it by, for you and `spawn`."),
    click.option(
        "--ttl", metavar="DURATION", help="When it ends by itself: 30m, 4h, 1d12h. Else 8h."
    ),
    *_ENDINGS,
    click.option(
        "--security",
        type=click.Choice([level.value for level in Level]),
        default=Level.STANDARD.value,
        show_default=True,
        help="How strict the defaults are.",
    ),
    click.option(
        "--key-pair",
        "--key-name",
        metavar="NAME",
        help="Your EC2 key pair; else your own spawn key.",
    ),
    click.option(
        "--ssh-ca/--no-ssh-ca",
        default=False,
        help="Whether it admits SSH certificates of your own authority, and nothing else.",
    ),
    _repeatable(
        "--security-groups",
        "--security-group-ids",
        metavar="SG,…",
        help="Your own security groups, in place of one that admits you alone.",
    ),
    _repeatable(
        "--ssh-from", metavar="CIDR|pl-…", help="Who may reach SSH; else your own address."
    ),
    click.option("--vpc", "--vpc-id", metavar="VPC", help="The VPC; else the default one."),
    click.option(
        "--subnet", "--subnet-id", metavar="SUBNET", help="The subnet; else one with room."
    ),
    click.option(
        "--public-ip/--no-public-ip", default=None, help="Whether it gets a public address."
    ),
    click.option("--private-ip", metavar="ADDRESS", help="Its private address, within the subnet."),
    click.option(
        "--encrypt-volumes/--no-encrypt-volumes",
        default=None,
        help="Whether its disks are encrypted.",
    ),
    click.option("--kms-key-id", metavar="KEY", help="The disks' KMS key: id, ARN or alias."),
    click.option(
        "--volume-size", type=click.IntRange(1, 65536), metavar="GIB", help="The root disk's size."
    ),
    click.option("--volume-type", metavar="TYPE", help="The root disk's type: gp3, io2 …"),
    click.option(
        "--metadata-options",
        metavar="OPTION=VALUE,…",
        help="HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, InstanceMetadataTags.",
    ),
    _repeatable("--tags", "--tag", metavar="KEY=VALUE,…", help="Tags for all that is made."),
    click.option("--dns-name", metavar="NAME", help="A name in Route 53 that leads to it."),
    click.option("--dns-zone", metavar="ZONE", help="The hosted zone of that: its id or name."),
    click.option(
        "--ship-logs/--no-ship-logs",
        default=False,
        help="Whether its agent's log goes to CloudWatch Logs.",
    ),
    _repeatable(
        "--secret",
        metavar="NAME=REFERENCE,…",
        help="A secret that it fetches at boot into the file $NAME_FILE: "
        "NAME=secretsmanager:ID[#json-key] or NAME=ssm:/path.",
    ),
    _repeatable(
        "--secret-env",
        metavar="NAME=REFERENCE,…",
        help="The same, for a program that wants the value itself, in $NAME.",
    ),
    click.option(
        "--secret-user",
        metavar="USER",
        help="Who may read the secrets there, besides root; else the image's login user.",
    ),
    click.option("--user-data", metavar="TEXT|@FILE", help="What it runs at its first boot."),
    click.option("--user-data-file", metavar="FILE", help="The same, from a file."),
    _repeatable(
        "--iam-policy",
        metavar="SERVICE:LEVEL[@SCOPE],…",
        help="What it may do in AWS: s3:ReadOnly@my-bucket/data/*",
    ),
    click.option("--iam-policy-file", metavar="FILE", help="A policy document of your own."),
    _repeatable(
        "--iam-managed-policies", metavar="NAME|ARN,…", help="Managed policies for its role."
    ),
    click.option(
        "--iam-role", metavar="NAME|ARN", help="A role that exists, in place of one made for it."
    ),
    click.option(
        "--permissions-boundary", metavar="NAME|ARN", help="The most that its role may do."
    ),
    _repeatable(
        "--allow", metavar="CONTROL", help="Let this control fail, this once; with --reason."
    ),
    click.option("--reason", metavar="WORDS", help="Why --allow is right; it is recorded."),
    click.option(
        "--on-expiry",
        type=click.Choice([each.value for each in End]),
        default=End.TERMINATE.value,
        show_default=True,
        help="What comes at the end date; stop keeps the disks for a week.",
    ),
    click.option(
        "-f",
        "--file",
        metavar="FILE",
        help="A launch file: any of these flags as settings in TOML, under what is typed.",
    ),
)


def launch_options(function: F) -> F:
    """Add the flags from which `launch_words.spec_of` makes a `LaunchSpec`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
