"""`spawn ssh-config`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import click

from spawn.cli.completing_instances import complete_instances
from spawn.cli.finding import everything
from spawn.cli.options import Account, AccountWords, account_of, account_options, yes_option
from spawn.cli.rendering.terminal import escape
from spawn.cli.way_options import bastion_option
from spawn.cli.ways import asked_route, signing_for, way_to
from spawn.cli.wiring import Wiring
from spawn.connect.ssh_config import HostBlocks, ReachableHost, host_blocks
from spawn.connect.ssh_files import SshFiles, ssh_files
from spawn.connect.way import AskedRoute
from spawn.core.errors import InputError, PartlyDone, SpawnError
from spawn.lifecycle.list import Listing
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.resolve import resolve_one

_SIDE_BY_SIDE = 8


@click.command(name="ssh-config")
@click.argument("instances", metavar="[ID|NAME…]", nargs=-1, shell_complete=complete_instances)
@click.option("--install", is_flag=True, help="Let ~/.ssh/config include it, and keep it there.")
@click.option("--uninstall", is_flag=True, help="Take that out of ~/.ssh/config again.")
@bastion_option
@yes_option
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instances: tuple[str, ...],
    install: bool,
    uninstall: bool,
    bastion: str | None,
    yes: bool,
    asked: AccountWords,
) -> int:
    """Let plain ssh, scp, rsync and editors reach instances by name and by id.

    Writes OpenSSH configuration for the instances that are named, else for all of yours that
    live. Their host keys are pinned in it, and a way through a bastion or Session Manager is part
    of it. It holds for the instances as they are now: run it again after a launch.
    """
    files = ssh_files(wiring.paths.state, wiring.paths.home / ".ssh")
    if uninstall:
        if install or instances:
            raise InputError("--uninstall takes no instances, and excludes --install")
        return _uninstall(wiring, files, yes=yes)
    account = account_of(wiring, asked)
    _, listing = everything(wiring, account, region=asked.region)
    rows = _meant(instances, listing)
    route = asked_route(wiring, account, bastion=bastion, region=asked.region)
    blocks = _blocks(wiring, account, rows, route)
    if install:
        _install(wiring, files, blocks.text, yes=yes)
    else:
        wiring.show(blocks.text)
    for sentence in blocks.left_out:
        wiring.tell(f"left out: {sentence}")
    unwritten = len(rows) - blocks.written
    if instances and unwritten:
        raise PartlyDone(
            f"{unwritten} of {len(rows)} instances could not be written", why="see above"
        )
    return 0


def _meant(words: tuple[str, ...], listing: Listing) -> tuple[ListedInstance, ...]:
    """Return the instances that are named, else all of the caller's that can be connected to."""
    if words:
        return tuple(
            {row.id: row for row in (resolve_one(word, listing) for word in words)}.values()
        )
    return tuple(
        row
        for row in listing.instances
        if row.is_mine and row.is_made_by_spawn and row.state in ("pending", "running")
    )


def _blocks(
    wiring: Wiring, account: Account, rows: tuple[ListedInstance, ...], asked: AskedRoute
) -> HostBlocks:
    """Find the ways side by side; one that is not found leaves the others as they are."""

    def reachable(row: ListedInstance) -> ReachableHost | str:
        def progress(sentence: str) -> None:
            wiring.tell(f"{row.name or row.id}: {sentence}")

        try:
            way, _ = way_to(
                wiring,
                account,
                row.id,
                region=row.region,
                user=None,
                progress=progress,
                asked=asked,
                at_once=True,
            )
        except SpawnError as error:
            return f"{row.id}: {error.what}"
        # Whoever may put tags on others' instances could take over a name by them.
        own = row.is_mine and row.is_made_by_spawn
        signing = signing_for(wiring, account, way)
        return ReachableHost(name=row.name if own else "", target=way.target, signing=signing)

    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        found = list(pool.map(reachable, rows))
    blocks = host_blocks([host for host in found if isinstance(host, ReachableHost)])
    unreachable = tuple(sentence for sentence in found if isinstance(sentence, str))
    return replace(blocks, left_out=(*unreachable, *blocks.left_out))


def _install(wiring: Wiring, files: SshFiles, text: str, *, yes: bool) -> None:
    place, configuration = escape(str(files.blocks)), escape(str(files.configuration))
    is_new = not files.is_included
    question = f"put a line that includes {place} at the top of {configuration}?"
    if is_new and not wiring.confirm(question, yes=yes):
        wiring.say("nothing was changed")
        return
    files.install(text)
    wiring.say(f"written: {place}")
    if is_new:
        wiring.say(f"{configuration} includes it now; spawn ssh-config --uninstall takes it out")


def _uninstall(wiring: Wiring, files: SshFiles, *, yes: bool) -> int:
    configuration = escape(str(files.configuration))
    if not wiring.confirm(f"take spawn's line out of {configuration}?", yes=yes):
        wiring.say("nothing was changed")
    elif files.uninstall():
        wiring.say(f"{configuration} no longer includes spawn's instances")
    else:
        wiring.say(f"{configuration} did not include spawn's instances")
    return 0
