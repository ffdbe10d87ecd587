"""The agent's source as it travels: the same code without its comments and annotations. Pure.

User-data has room for 16 KiB, most of which is the person's. What is taken out is what Python
passes over when it runs: comments, docstrings, annotations (but those that make the fields of a
class) and the imports that only they need. A level of indentation is one space. Names, lines and
everything else stay as they are.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache

# From (line, column) to (line, column), as `ast` counts: lines from 1, columns from 0.
Span = tuple[tuple[int, int], tuple[int, int]]
_TEXTS = (ast.Constant, ast.JoinedStr)


@cache
def travelling(source: str) -> str:
    """Return a module of the agent's as it travels; it must be ASCII.

    It takes milliseconds, and a launch assembles user-data more than once.
    """
    tree = ast.parse(source)
    blocks = [node for node in tree.body if _is_for_types(node)]
    source = _without(source, map(_whole, blocks))
    tree = ast.parse(source)
    cut = (*_comments(source), *_docstrings(tree), *_annotations(tree, source.splitlines()))
    lean = _without(source, cut)
    return _shallow(_replaced(lean, _needed_imports(ast.parse(lean))))


def _shallow(source: str) -> str:
    """Indent by one space where the source has four; what is within a text stays."""
    texts = (node for node in ast.walk(ast.parse(source)) if isinstance(node, _TEXTS))
    within = {line for text in texts for line in range(text.lineno + 1, _end(text)[0] + 1)}
    numbered = enumerate(source.splitlines(), start=1)
    lines = (line if number in within else _narrow(line) for number, line in numbered)
    return "".join(f"{line}\n" for line in lines)


def _narrow(line: str) -> str:
    code = line.lstrip(" ")
    return " " * ((len(line) - len(code)) // 4) + code


def _without(source: str, spans: Iterable[Span]) -> str:
    """Cut the spans out, and the lines of which nothing is left."""
    return _replaced(source, ((span, "") for span in spans))


def _replaced(source: str, changes: Iterable[tuple[Span, str]]) -> str:
    """Put a text in the place of each span; lines of which nothing is left go."""
    lines = source.splitlines()
    for ((first, start), (last, end)), text in sorted(changes, reverse=True):
        line = lines[first - 1][:start] + text + lines[last - 1][end:]
        lines[first - 1 : last] = [line.rstrip()] + [""] * (last - first)
    return "".join(f"{line}\n" for line in lines if line)


def _is_for_types(node: ast.stmt) -> bool:
    """Say whether a block is for the type checker alone."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _whole(node: ast.stmt | ast.expr) -> Span:
    return (node.lineno, node.col_offset), _end(node)


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _comments(source: str) -> Iterator[Span]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start, token.end


def _docstrings(tree: ast.Module) -> Iterator[Span]:
    """Yield the docstrings, but where nothing else stands in the body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            is_more = len(node.body) > 1 or isinstance(node, ast.Module)
            if ast.get_docstring(node) is not None and is_more:
                yield _whole(node.body[0])


def _annotations(tree: ast.Module, lines: list[str]) -> Iterator[Span]:
    fields = {id(each) for node in _classes(tree) for each in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            yield (node.lineno, node.col_offset + len(node.arg)), _end(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            line, column = node.returns.lineno, node.returns.col_offset
            yield (line, lines[line - 1].rindex(" ->", 0, column)), _end(node.returns)
        elif isinstance(node, ast.AnnAssign) and id(node) not in fields:
            yield _end(node.target), _end(node.annotation)


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _needed_imports(tree: ast.Module) -> Iterator[tuple[Span, str]]:
    """Yield imports of names without those that no code uses.

    The annotations of fields stand there, and are never evaluated.
    """
    fields = [each for node in _classes(tree) for each in node.body if _is_field(each)]
    in_fields = {id(name) for field in fields for name in ast.walk(field.annotation)}  # type: ignore[attr-defined]
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    used = {node.id for node in names if id(node) not in in_fields}
    if fields:
        used.add("annotations")
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            needed = ", ".join(name.name for name in node.names if name.name in used)
            yield _whole(node), f"from {node.module} import {needed}" if needed else ""


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign)
