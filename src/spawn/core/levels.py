"""The three security levels, which several rooms read and none owns."""

from __future__ import annotations

import enum


class Level(enum.StrEnum):
    """How closed a launch is: `--security open|standard|strict`."""

    OPEN = "open"
    STANDARD = "standard"
    STRICT = "strict"
