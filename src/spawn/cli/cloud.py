"""`spawn cloud`: the embedded cloud."""

from __future__ import annotations

import shlex

import click

from spawn.cli.clouds import directory_of, explained, lacking_text, started
from spawn.cli.options import output_option, yes_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.tables import fields
from spawn.cli.wiring import Wiring
from spawn.local import cloud


@click.group(name="cloud")
def command() -> None:
    """The embedded cloud: AWS's calls, real instances, real packets, on this machine.

    It is for trying things and for tests. It is not a sandbox for hostile code.
    """


@command.command(name="up")
@click.option("--control-plane-only", is_flag=True, help="Answer calls, but boot no instances.")
@click.pass_obj
def up(wiring: Wiring, /, *, control_plane_only: bool) -> int:
    """Start it, and say how to use it. Does nothing where it runs."""
    directory = directory_of(wiring)
    environment = started(directory, wiring, control_plane_only=control_plane_only)
    with explained():
        # One that runs without instances is not what was asked for: that is refused here.
        cloud.up(directory, control_plane_only=control_plane_only)
    wiring.say(
        f"the embedded cloud answers at {environment.variables['AWS_ENDPOINT_URL']}\n"
        "use it with --local on any command, or for every program with:\n"
        '  eval "$(spawn cloud env)"'
    )
    return 0


@command.command(name="down")
@click.pass_obj
def down(wiring: Wiring, /) -> int:
    """End it, and everything in it."""
    with explained():
        was_running = cloud.down(directory_of(wiring))
    wiring.say("the embedded cloud has ended" if was_running else "no embedded cloud was running")
    return 0


@command.command(name="status")
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def status(wiring: Wiring, /, *, output: Output) -> int:
    """Show what runs in it."""
    with explained():
        found = cloud.status(directory_of(wiring))
    facts = {
        "endpoint": found.endpoint,
        "directory": str(found.directory),
        "control_plane_only": found.control_plane_only,
        "instances": dict(found.instances),
        "troubles": list(found.troubles),
    }
    instances = [f"{one} {state}" for one, state in found.instances.items()]
    shown = fields(
        (
            ("endpoint", found.endpoint),
            ("directory", str(found.directory)),
            ("instances", instances or "none"),
            ("troubles", found.troubles),
        )
    )
    wiring.show(shown if output is Output.TABLE else document(facts, output))
    return 0


@command.command(name="env")
@click.pass_obj
def env(wiring: Wiring, /) -> int:
    """Print what a shell needs to use it: eval "$(spawn cloud env)"."""
    with explained():
        environment = cloud.environment(directory_of(wiring), wiring.environment)
    # A variable may bear any name at all, and the shell evaluates what is printed here.
    lines = [f"unset {shlex.quote(name)}" for name in environment.unset]
    lines += [
        f"export {name}={shlex.quote(value)}" for name, value in environment.variables.items()
    ]
    wiring.show("\n".join(lines))
    return 0


@command.command(name="reset")
@yes_option
@click.pass_obj
def reset(wiring: Wiring, /, *, yes: bool) -> int:
    """Empty it: every instance, bucket, role and record goes; its address and keys stay."""
    if not wiring.confirm("Everything in the embedded cloud goes. Do it?", yes=yes):
        wiring.say("nothing was done")
        return 0
    with explained():
        cloud.reset(directory_of(wiring))
    wiring.say("the embedded cloud is empty")
    return 0


@command.command(name="doctor")
@click.pass_obj
def doctor(wiring: Wiring, /) -> int:
    """Say what this machine lacks to run instances, and how to get it."""
    lacking = lacking_text()
    wiring.show(lacking or "this machine has all that the embedded cloud needs")
    return 1 if lacking else 0
