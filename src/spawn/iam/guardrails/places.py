"""Accounts and partitions, where no AWS is asked about them."""

from __future__ import annotations

import re
from typing import Final

from spawn.core.errors import InputError

_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)
_TARGET: Final = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|\d{12}", re.ASCII)
# AWS General Reference, "AWS service endpoints": how the regions of a partition begin.
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}


def parse_account(text: str) -> str:
    """Return an account's number, "" for none. Raises InputError for what is no number of one."""
    if text and not _ACCOUNT.fullmatch(text):
        raise InputError(f"--account {text!r} is no account", why="an account has twelve digits")
    return text


def parse_target(text: str) -> str:
    """Return the id of a root, unit or account, "" for none. Raises InputError for anything else.

    Source: Organizations API Reference, AttachPolicy, TargetId.
    """
    if text and not _TARGET.fullmatch(text):
        raise InputError(
            f"--target {text!r} is no root, unit or account",
            why="they look like r-ab12, ou-ab12-cdefgh34 and 123456789012",
        )
    return text


def partition_of(region: str) -> str:
    """Return the partition of a region; the common one for none and for unknown ones."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
