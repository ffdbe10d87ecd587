"""What a handler gets: one authorised call, and all that performing it may need."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

from spawn.local.control.memory import Memory
from spawn.local.control.operations import Call
from spawn.local.control.principals import Principal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Duty:
    """A call with all that performing it may need."""

    call: Call
    principal: Principal
    memory: Memory
    now: datetime
    console: Path  # where the data plane writes instances' consoles
