"""`spawn logs`."""

from __future__ import annotations

import click

from spawn.cli.completing_instances import complete_instances
from spawn.cli.options import Account, AccountWords, account_of, account_options
from spawn.cli.rendering.output import output_to
from spawn.cli.ways import named_instance, way_to
from spawn.cli.wiring import Wiring
from spawn.connect.console import console_output
from spawn.connect.denied_reads import Overheard
from spawn.connect.destination import find_instance
from spawn.connect.feeds import LogPart
from spawn.connect.logs import LoggedInstance, LogRequest, LogSource, show_output
from spawn.connect.patience import Patience
from spawn.connect.shipped import shipped_lines
from spawn.connect.way import Way
from spawn.core.errors import NamedThingNotFound
from spawn.core.tags import Tag
from spawn.launch.shipping import LOG_GROUP


@click.command(name="logs")
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@click.option(
    "-f", "--follow", is_flag=True, help="Show what comes to it, until the instance ends."
)
@click.option(
    "-n", "lines", type=click.IntRange(min=0), metavar="LINES", help="Only the last ones of each."
)
@click.option(
    "--of",
    "part",
    type=click.Choice([part.value for part in LogPart]),
    default=LogPart.ALL.value,
    show_default=True,
    callback=lambda _context, _parameter, value: LogPart(value),
    help="What boot and user-data print, or what its agent notes.",
)
@click.option(
    "--source",
    type=click.Choice([source.value for source in LogSource]),
    default=LogSource.AUTO.value,
    show_default=True,
    callback=lambda _context, _parameter, value: LogSource(value),
    help="From its files over SSH, its console, or where it ships its agent's log.",
)
@account_options
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    instance: str,
    follow: bool,
    lines: int | None,
    part: LogPart,
    source: LogSource,
    asked: AccountWords,
) -> int:
    """Show what an instance's boot and user-data print, and what its agent notes.

    The console also tells of an instance that can't be reached, or has ended a short while ago;
    it keeps 64 KB, and some types show it with a delay of minutes. What an instance ships of its
    agent's log stays in CloudWatch Logs.
    """
    account = account_of(wiring, asked)
    instance_id, where = named_instance(wiring, account, instance, region=asked.region)

    def find_way(asked: LogSource) -> tuple[Way, Patience]:
        return way_to(
            wiring,
            account,
            instance_id,
            region=where,
            user=None,
            progress=wiring.tell,
            at_once=asked is LogSource.AUTO,
        )

    logged = LoggedInstance(
        instance_id=instance_id,
        find_way=find_way,
        console=lambda: console_output(account.reader, instance_id, region=where),
        state=lambda: find_instance(account.reader, instance_id, region=where).state.name,
        log_group=lambda: _log_group(account, instance_id, region=where),
        shipped=lambda group, from_ms: shipped_lines(
            account.reader, group, instance_id, from_ms=from_ms, region=where
        ),
        sleep=wiring.clock.sleep,
    )
    output, overheard = output_to(wiring.stdout), Overheard()

    def show(piece: bytes) -> None:
        overheard.listen(piece)
        output.show(piece)

    try:
        wanted = LogRequest(source=source, part=part, lines=lines, follow=follow)
        show_output(logged, wanted, show, progress=wiring.tell)
    finally:
        output.finish()
        for words in overheard.advice():
            wiring.say(words)
    return 0


def _log_group(account: Account, instance_id: str, *, region: str) -> str:
    """Return where it ships its log, "" for nowhere; where all do, if EC2 has forgotten it."""
    try:
        instance = find_instance(account.reader, instance_id, region=region)
    except NamedThingNotFound:
        return LOG_GROUP
    return instance.tag_mapping.get(Tag.LOG_GROUP, "")
