"""All controls, in the order in which they are judged and shown."""

from __future__ import annotations

from spawn.core.errors import InputError
from spawn.core.nearest import did_you_mean
from spawn.posture.controls import (
    disks,
    ending,
    identity,
    image,
    metadata,
    network,
    secrets,
    tags,
)
from spawn.posture.controls.control import Control

CONTROLS: tuple[Control, ...] = (
    *network.CONTROLS,
    *disks.CONTROLS,
    *metadata.CONTROLS,
    *identity.CONTROLS,
    *secrets.CONTROLS,
    *ending.CONTROLS,
    *image.CONTROLS,
    *tags.CONTROLS,
)
_BY_ID = {control.id: control for control in CONTROLS}


def find_control(control_id: str, *, flag: str) -> Control:
    """Return the control of that id. Raises InputError, naming `flag` and the nearest id."""
    if control_id not in _BY_ID:
        raise InputError(
            f"{flag} {control_id!r} is not a control",
            why=did_you_mean(control_id, _BY_ID) or f"the controls are {', '.join(_BY_ID)}",
        )
    return _BY_ID[control_id]
