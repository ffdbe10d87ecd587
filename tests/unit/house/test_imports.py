"""Imports point down only: cli, workflows, domain, aws, core (docs/architecture.md)."""

import ast
import graphlib
import sys

import pytest

from tests.tools.source import Module, imports, modules

LEVELS = (
    ("core",),
    ("aws",),
    ("iam", "network", "images", "secrets", "posture", "registry", "prices", "settings"),
    ("launch", "lifecycle", "connect", "audit", "incident"),
    ("cli",),
    ("api",),
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
# `api` is the command line for Python programs; of the package itself, all may ask the version.
VERSION = "spawn.__version__"
# The embedded cloud is a program of its own that shares the core's words; AWS is what it plays.
LOCAL = "local"
MAY_START_LOCAL = ("spawn.cli.cloud", "spawn.cli.clouds", "spawn.cli.local")
JUDGE = "spawn.iam.evaluation"
EVERY_MODULE = modules("spawn")
STANDARD_LIBRARY = sys.stdlib_module_names


def rooms_imported(module: Module) -> set[str]:
    """Return the other rooms of spawn that a module imports from."""
    names = [name for name in imports(module.tree) if name.startswith("spawn.")]
    return {name.split(".")[1] for name in names if name != VERSION} - {module.room}


@pytest.mark.parametrize("module", EVERY_MODULE, ids=lambda module: module.name)
def test_every_room_has_a_level(module: Module) -> None:
    """A room that the architecture does not name is not built by accident."""
    is_room = module.path.parent.name != "spawn"
    assert not is_room or module.room in {*LEVEL_OF, LOCAL}


@pytest.mark.parametrize(
    "module", [each for each in EVERY_MODULE if each.room in LEVEL_OF], ids=lambda each: each.name
)
def test_imports_point_down(module: Module) -> None:
    """No module imports from a room above its own."""
    level = LEVEL_OF[module.room]
    too_high = {room for room in rooms_imported(module) if LEVEL_OF.get(room, -1) > level}
    assert not too_high


@pytest.mark.parametrize("module", EVERY_MODULE, ids=lambda module: module.name)
def test_only_the_command_line_starts_the_embedded_cloud(module: Module) -> None:
    """Product code knows nothing of the embedded cloud, but for the command that starts it."""
    assert module.name in MAY_START_LOCAL or LOCAL not in rooms_imported(module)


@pytest.mark.parametrize(
    "module", [each for each in EVERY_MODULE if each.room == LOCAL], ids=lambda each: each.name
)
def test_the_embedded_cloud_shares_the_evaluator_alone(module: Module) -> None:
    """What plays AWS shares no code with what calls AWS, but for the judge of policies.

    IAM's logic is documented case by case, and tested against that: two judges would differ.
    """
    shared = [name for name in imports(module.tree) if name.startswith("spawn.iam")]
    assert rooms_imported(module) <= {"core", "iam"}
    assert all(name.startswith(JUDGE) for name in shared)


def test_rooms_of_one_level_form_no_cycle() -> None:
    """Of two rooms side by side, at most one knows the other."""
    graph: dict[str, set[str]] = {}
    for module in EVERY_MODULE:
        if module.room in LEVEL_OF:
            graph.setdefault(module.room, set()).update(rooms_imported(module) & LEVEL_OF.keys())
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_the_agent_stands_alone() -> None:
    """The agent travels as plain source: it imports nothing of spawn and nothing installed."""
    for module in modules("spored"):
        tops = {name.partition(".")[0] for name in imports(module.tree)}
        assert tops <= {"spored"} | STANDARD_LIBRARY


def test_the_package_loads_nothing_until_asked() -> None:
    """`import spawn` costs nothing: it imports no room of its own at the top of the file."""
    [package] = [module for module in EVERY_MODULE if module.name == "spawn"]
    at_once = [node for node in package.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name for node in at_once for name in imports(node)}
    assert not {name for name in names if name.partition(".")[0] not in STANDARD_LIBRARY}


@pytest.mark.parametrize("library", ["boto3", "botocore"])
def test_aws_is_the_one_door_out(library: str) -> None:
    """Only `aws/` meets botocore; the embedded cloud reads its service models."""
    users = {
        module.room
        for module in EVERY_MODULE
        if any(name.partition(".")[0] == library for name in imports(module.tree))
    }
    assert users <= {"aws", LOCAL}
