"""A plan for one instance, shown instead of performed, or before it is."""

from __future__ import annotations

from typing import Any

from spawn.cli.rendering.documents import Output, document
from spawn.cli.wiring import Wiring


def show_only(wiring: Wiring, plan: Any, text: str, *, output: Output) -> int:
    """Show a plan, in words or as a document, and say that it was not performed."""
    words = f"{text}\n\nnothing was done"
    wiring.show(words if output is Output.TABLE else document(plan, output))
    return 0


def show_first(wiring: Wiring, text: str, *, yes: bool, output: Output) -> None:
    """Show what is going to be done; beside a document only to who is going to be asked."""
    if output is Output.TABLE:
        wiring.show(text)
    elif not yes:
        wiring.say(text)
