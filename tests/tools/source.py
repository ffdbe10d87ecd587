"""The product's own source, parsed, for tests that hold its shape."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file: its dotted name, its place, its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The second word of the name ("aws" of "spawn.aws.ec2"), "" for the package itself."""
        return (*self.name.split("."), "")[1]


def parse(path: Path, *, top: Path) -> Module:
    """Read one file; its name is what an import below `top` would call it."""
    words = path.relative_to(top).with_suffix("").parts
    name = ".".join(words[:-1] if words[-1] == "__init__" else words)
    text = path.read_text(encoding="utf-8")
    return Module(name=name, path=path, tree=ast.parse(text, filename=str(path)))


@functools.cache
def modules(package: str) -> tuple[Module, ...]:
    """Return all modules of a package in `src`, none where there is no such package."""
    return tuple(parse(path, top=SOURCE) for path in sorted((SOURCE / package).rglob("*.py")))


@functools.cache
def modules_of_tests() -> tuple[Module, ...]:
    """Return every file of the tests, their tools included."""
    return tuple(parse(path, top=ROOT) for path in sorted((ROOT / "tests").rglob("*.py")))


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield what is imported, at any depth: "a.b" for `import a.b`, "a.b" for `from a import b`.

    Of the latter nobody can tell whether `b` is a module: it may be a class of `a`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{name.name}" for name in node.names)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for such an expression, "" for any other."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            return f"{dotted(inner)}.{name}" if dotted(inner) else ""
        case _:
            return ""


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
