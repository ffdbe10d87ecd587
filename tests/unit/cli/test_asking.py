"""What a launch says of those who decided it besides the person."""

from __future__ import annotations

from spawn.cli.asking import set_by_project
from spawn.settings.resolve import resolve
from spawn.settings.table import Origin
from tests.unit.settings.builders import source


def test_what_a_directory_decides_is_said() -> None:
    """A type that a stranger's spawn.toml chose is named; what the person said themself is not."""
    project = source(Origin.PROJECT, {"instance-type": ("p5.48xlarge",), "ttl": "30d"})
    typed = source(Origin.FLAG, {"ttl": "1h"})
    assert set_by_project(resolve((project, typed))) == "spawn.toml here sets instance-type"
    assert set_by_project(resolve((typed,))) == ""
