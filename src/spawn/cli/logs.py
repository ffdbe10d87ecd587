"""`spawn logs`."""

from __future__ import annotations

import click

from spawn.cli.completing_instances import complete_instances
from spawn.cli.options import AccountWords, account_of, account_options
from spawn.cli.rendering.output import output_to
from spawn.cli.ways import named_instance, way_to
from spawn.cli.wiring import Wiring
from spawn.connect.console import console_output
from spawn.connect.destination import find_instance
from spawn.connect.logs import LoggedInstance, LogRequest, LogSource, show_output
from spawn.connect.patience import Patience
from spawn.connect.way import Way


@click.command(name="logs")
@click.argument("instance", metavar="ID|NAME", shell_complete=complete_instances)
@click.option(
    "-f", "--follow", is_flag=True, help="Show what comes to it, until the instance ends."
)
@click.option(
    "-n", "lines", type=click.IntRange(min=0), metavar="LINES", help="Only the last ones."
)
@click.option(
    "--source",
    type=click.Choice([source.value for source in LogSource]),
    default=LogSource.AUTO.value,
    show_default=True,
    callback=lambda _context, _parameter, value: LogSource(value),
    help="From its log over SSH, or from its console.",
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
    source: LogSource,
    asked: AccountWords,
) -> int:
    """Show what an instance's boot and its user-data print.

    The console also tells of an instance that can't be reached, or has ended a short while ago;
    it keeps 64 KB, and some types show it with a delay of minutes.
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
        find_way=find_way,
        console=lambda: console_output(account.reader, instance_id, region=where),
        state=lambda: find_instance(account.reader, instance_id, region=where).state.name,
        sleep=wiring.clock.sleep,
    )
    output = output_to(wiring.stdout)
    try:
        wanted = LogRequest(source=source, lines=lines, follow=follow)
        show_output(logged, wanted, output.show, progress=wiring.tell)
    finally:
        output.finish()
    return 0
