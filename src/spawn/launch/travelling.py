"""The agent's source as it travels: the same code without its comments and annotations. Pure.

User-data has room for 16 KiB, most of which is the person's. What is taken out is what Python
passes over when it runs: comments, docstrings, annotations (but those that make the fields of a
class) and the imports that only they need. Names, layout and everything else stay as they are.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator

# From (line, column) to (line, column), as `ast` counts: lines from 1, columns from 0.
Span = tuple[tuple[int, int], tuple[int, int]]


def travelling(source: str) -> str:
    """Return a module of the agent's as it travels; it must be ASCII."""
    tree = ast.parse(source)
    cut = (*_comments(source), *_docstrings(tree), *_annotations(tree, source.splitlines()))
    lean = _without(source, cut)
    return _without(lean, _unused_imports(ast.parse(lean)))


def _without(source: str, spans: Iterable[Span]) -> str:
    """Cut the spans out, and the lines of which nothing is left."""
    lines = source.splitlines()
    for (first, start), (last, end) in sorted(spans, reverse=True):
        rest = lines[first - 1][:start] + lines[last - 1][end:]
        lines[first - 1 : last] = [rest.rstrip()] + [""] * (last - first)
    return "".join(f"{line}\n" for line in lines if line)


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


def _unused_imports(tree: ast.Module) -> Iterator[Span]:
    """Yield the imports of names that no code uses: annotations of fields are never evaluated."""
    fields = [each for node in _classes(tree) for each in node.body if _is_field(each)]
    in_fields = {id(name) for field in fields for name in ast.walk(field.annotation)}  # type: ignore[attr-defined]
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in in_fields
    }
    if fields:
        used.add("annotations")
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and not used & {name.name for name in node.names}:
            yield _whole(node)


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign)
