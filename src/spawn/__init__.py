"""spawn: EC2 machines that are safe by default and end by themselves.

The public API, loaded when it is first used: everything else may change without notice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spawn.api import (
        Completion,
        EndAction,
        Idle,
        Instance,
        MetadataOptions,
        PreStop,
        SpawnError,
        launch,
        list_instances,
    )

__version__ = "0.1.0"
__all__ = [
    "Completion",
    "EndAction",
    "Idle",
    "Instance",
    "MetadataOptions",
    "PreStop",
    "SpawnError",
    "__version__",
    "launch",
    "list_instances",
]


def __getattr__(name: str) -> object:
    """Load the API when one of its names is asked for: the command starts without it.

    The names are bound for good, since `launch` is also the name of a room, which importing the
    API would otherwise leave in its place.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    api = import_module("spawn.api")
    globals().update({each: getattr(api, each) for each in __all__ if each != "__version__"})
    return globals()[name]
