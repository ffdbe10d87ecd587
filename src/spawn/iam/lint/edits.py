"""Edits that a rule proposes, and how they are made in a text."""

from __future__ import annotations

import json
from collections.abc import Iterable

from spawn.iam.lint.finding import Edit
from spawn.iam.lint.nodes import Array, Node, Text


def replaced(node: Text, value: str) -> tuple[Edit, ...]:
    """Return the edit that lets a text say something else."""
    return (Edit(node.start, node.end, json.dumps(value)),)


def removed(container: Node | None, item: Text) -> tuple[Edit, ...]:
    """Return the edit that takes an item out of its list, with a comma; none where it is alone."""
    if not isinstance(container, Array) or len(container.items) < 2:
        return ()
    starts = [node.start for node in container.items]
    if item.start not in starts:
        return ()
    index = starts.index(item.start)
    if index + 1 < len(starts):
        return (Edit(item.start, starts[index + 1], ""),)
    return (Edit(container.items[index - 1].end, item.end, ""),)


def added(text: str, container: Node, values: Iterable[str]) -> tuple[Edit, ...]:
    """Return the edit that puts values behind those that are there, laid out as they are."""
    if isinstance(container, Array) and container.items:
        last = container.items[-1]
        before = container.items[-2].end if len(container.items) > 1 else container.start + 1
        gap = text[before : last.start].lstrip(",") or " "
        return (
            Edit(last.end, last.end, "".join(f",{gap}{json.dumps(value)}" for value in values)),
        )
    if isinstance(container, Text) and container.is_quoted:
        items = ", ".join((text[container.start : container.end], *map(json.dumps, values)))
        return (Edit(container.start, container.end, f"[{items}]"),)
    return ()


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Make the edits; of two that touch the same piece the first is made, and equal ones once."""
    pieces: list[str] = []
    place = 0
    last: Edit | None = None
    for edit in sorted(set(edits), key=lambda each: (each.start, each.end, each.text)):
        touches = last is not None and edit.start == last.start
        if edit.start < place or touches:
            continue
        pieces += (text[place : edit.start], edit.text)
        place, last = edit.end, edit
    return "".join((*pieces, text[place:]))
