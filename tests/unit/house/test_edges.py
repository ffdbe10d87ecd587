"""Below `cli/` and the Python API, nothing looks at the process, the terminal or the time.

They are handed down. And no file or function is too long to be read at one go.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.tools.source import Module, dotted, functions, imports, modules

MAY_LOOK = frozenset({"api", "cli", "local"})
FORBIDDEN_MODULES = frozenset({"getpass", "random", "secrets", "time", "uuid"})
FORBIDDEN_NAMES = frozenset(
    {
        "date.today",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.now",
        "datetime.utcnow",
        "os.environ",
        "os.environb",
        "os.getenv",
        "os.path.expanduser",
        "os.path.expandvars",
        "os.urandom",
        "Path.cwd",
        "Path.home",
        "print",
        "sys.argv",
        "sys.stderr",
        "sys.stdin",
        "sys.stdout",
    }
)
LONGEST_FILE_LINES = 500
LONGEST_FUNCTION_LINES = 60
BELOW_CLI = [module for module in modules("spawn") if module.room not in MAY_LOOK]
EVERY_MODULE = (*modules("spawn"), *modules("spored"))


def looks_outside(tree: ast.AST) -> Iterator[str]:
    """Yield what a module uses of the process around it."""
    for name in imports(tree):
        if name.partition(".")[0] in FORBIDDEN_MODULES or name in FORBIDDEN_NAMES:
            yield name
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) == "input":
            yield f"input, line {node.lineno}"
        elif dotted(node) in FORBIDDEN_NAMES:
            yield f"{dotted(node)}, line {getattr(node, 'lineno', 0)}"
        elif isinstance(node, ast.Attribute) and node.attr == "expanduser":
            yield f"expanduser, line {node.lineno}"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return its length without signature and docstring: `spawn.launch` lists every flag there."""
    has_docstring = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if has_docstring else 0]
    return (function.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("module", BELOW_CLI, ids=lambda module: module.name)
def test_the_world_is_handed_down(module: Module) -> None:
    """Environment, arguments, streams, clock and chance come in as parameters."""
    assert not list(looks_outside(module.tree))


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ['A']",
        "from time import time",
        "print('x')",
        "answer = input()",
        "from os import environ",
        "import datetime\ndatetime.datetime.now()",
        "f = __import__('pathlib').Path('~').expanduser()",
    ],
)
def test_a_look_outside_is_noticed(text: str) -> None:
    """The check itself sees each of the ways in which code looks at the process around it."""
    assert list(looks_outside(ast.parse(text)))


@pytest.mark.parametrize("module", EVERY_MODULE, ids=lambda module: module.name)
def test_a_file_is_one_idea(module: Module) -> None:
    """No file and no function grows beyond what can be read at one go."""
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE_LINES
    lengths = {each.name: body_lines(each) for each in functions(module.tree)}
    assert not {name for name, lines in lengths.items() if lines > LONGEST_FUNCTION_LINES}
