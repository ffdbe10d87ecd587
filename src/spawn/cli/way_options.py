"""The flags that say how to get to an instance: shared by what connects, copies and writes ways."""

from __future__ import annotations

import click

from spawn.cli.completing_instances import complete_instances

user_option = click.option("--user", metavar="NAME", help="Who logs in; else the image's own user.")
bastion_option = click.option(
    "--bastion",
    metavar="ID|NAME|HOST",
    shell_complete=complete_instances,
    help="Go through an instance of yours, or through any [user@]host[:port] that your ssh knows.",
)
ssm_option = click.option(
    "--ssm", is_flag=True, help="Go by Session Manager: no open port, no key."
)
