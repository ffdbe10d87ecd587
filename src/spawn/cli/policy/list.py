"""`spawn policy list`."""

from __future__ import annotations

import click

from spawn.cli.options import output_option
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.templates import template_rows, templates_table
from spawn.cli.wiring import Wiring


@click.command(name="list")
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def command(wiring: Wiring, /, *, output: Output) -> int:
    """List the templates that --iam-policy takes, with what each allows and how it is narrowed."""
    rows = template_rows()
    if output is Output.TABLE:
        wiring.show(templates_table(rows, columns=wiring.columns, colour=wiring.in_colour))
        wiring.say("what one says exactly: spawn policy show s3:ReadOnly@my-bucket")
    else:
        wiring.show(document(rows, output))
    return 0
