"""What completes the flags of the account: for click's `shell_complete`.

Each may fail in any way: `completion.answer` then offers nothing. What is slow to import is
imported here only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

Items = list[CompletionItem[str]]


def complete_regions(context: click.Context, _flag: click.Parameter, incomplete: str) -> Items:
    """Offer the regions of EC2 that this version knows; nothing is asked of AWS."""
    from spawn.aws.session import Session

    session = Session(profile=context.params.get("profile"), region=None)
    return _beginning(session.known_regions(), incomplete)


def complete_profiles(_context: click.Context, _flag: click.Parameter, incomplete: str) -> Items:
    """Offer the profiles of the AWS configuration."""
    from spawn.aws.session import profile_names

    return _beginning(profile_names(), incomplete)


def _beginning(words: Iterable[str], incomplete: str) -> Items:
    from spawn.cli.offers import is_safe

    return [CompletionItem(word) for word in words if is_safe(word) and word.startswith(incomplete)]
