"""`spawn ssh-ca`: an authority of one's own, whose certificates instances admit."""

from __future__ import annotations

import click

from spawn.cli.lazy import LazyGroup

COMMANDS = {
    "init": "Make this machine's authority, or take one in KMS.",
    "trust": "Bring the authority and its revocation list to a running instance.",
    "sign": "Sign a certificate.",
    "revoke": "Take back a certificate, or a key with all of its certificates.",
    "status": "Show the authority, what it revoked, and which instances trust it.",
}


@click.group(name="ssh-ca", cls=LazyGroup, package="spawn.cli.ssh_ca", table=COMMANDS)
def command() -> None:
    """SSH certificates, by an authority of your own: who one is, signed for five minutes.

    `spawn launch --ssh-ca` makes an instance that admits them and no keys; `spawn connect`, `cp`,
    `run` and plain ssh after `spawn ssh-config` sign by themselves.
    """
