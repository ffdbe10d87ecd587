"""The agent travels as the code that it is, without what Python passes over."""

from __future__ import annotations

import ast

import pytest

from spawn.launch.agent import read_agent_source
from spawn.launch.travelling import travelling

SOURCE = read_agent_source()


class _Bare(ast.NodeTransformer):
    """Takes docstrings, annotations and imports out of a tree, to compare what is left."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None or node.simple
        return ast.Assign([node.target], node.value or ast.Constant(None), lineno=0)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        return ast.FunctionDef(
            node.name, node.args, _undocumented(node), node.decorator_list, lineno=0
        )

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        return ast.ClassDef(node.name, node.bases, [], _undocumented(node), node.decorator_list)


def _undocumented(node: ast.FunctionDef | ast.ClassDef | ast.Module) -> list[ast.stmt]:
    has_docstring = ast.get_docstring(node) is not None
    return node.body[1:] if has_docstring and len(node.body) > 1 else node.body


def bare(source: str) -> str:
    """Return the code of a module as a text to compare."""
    tree = ast.parse(source)
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    return ast.dump(_Bare().visit(tree))


@pytest.mark.parametrize("name", sorted(SOURCE))
def test_the_code_is_the_same(name: str) -> None:
    """Statement by statement what travels is what stands in the source."""
    assert bare(travelling(SOURCE[name])) == bare(SOURCE[name])


@pytest.mark.parametrize("name", sorted(SOURCE))
def test_every_name_that_is_used_is_there(name: str) -> None:
    """No import is taken out that the code needs, and none is left that it does not."""
    tree = ast.parse(travelling(SOURCE[name]))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported <= used


def test_comments_annotations_and_docstrings_stay_at_home() -> None:
    """Of a module with all of them the bare code is left, line by line, and texts as they are."""
    source = '''"""A module."""

from __future__ import annotations

from collections.abc import Mapping

LIMIT = 5  # seconds: "# no comment"


def twice(words: Mapping[str, int], *rest: int, most: int = LIMIT) -> int | None:
    """Do it."""
    found: int = words["#"]  # a comment
    if found:
        found = len("""one
        two""")
    return found * 2
'''
    assert travelling(source) == (
        "LIMIT = 5\n"
        "def twice(words, *rest, most = LIMIT):\n"
        ' found = words["#"]\n'
        " if found:\n"
        '  found = len("""one\n'
        '        two""")\n'
        " return found * 2\n"
    )


@pytest.mark.parametrize("name", sorted(SOURCE))
def test_it_is_python_39(name: str) -> None:
    """Amazon Linux 2023 has Python 3.9: no newer grammar travels."""
    ast.parse(travelling(SOURCE[name]), feature_version=(3, 9))
