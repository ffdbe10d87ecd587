"""Tests patch nothing and each says what it promises."""

import ast
from collections.abc import Iterator

import pytest

from tests.tools.source import Module, functions, imports, modules_of_tests

PATCHING_MODULES = frozenset({"mock", "pytest_mock", "unittest.mock"})
PATCHING_PARAMETERS = frozenset({"mocker", "monkeypatch"})
FEWEST_WORDS = 4
EVERY_FILE = pytest.mark.parametrize("module", modules_of_tests(), ids=lambda each: each.name)


def patches(tree: ast.AST) -> Iterator[str]:
    """Yield each means of patching that a file uses."""
    for name in imports(tree):
        if any(f"{name}.".startswith(f"{banned}.") for banned in PATCHING_MODULES):
            yield name
    for function in functions(tree):
        arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        yield from PATCHING_PARAMETERS & {argument.arg for argument in arguments}


def is_sentence(text: str) -> bool:
    """Whether the first paragraph is a sentence: several words, and an end."""
    first = text.strip().partition("\n\n")[0]
    return len(first.split()) >= FEWEST_WORDS and first.endswith((".", "!", "?"))


@EVERY_FILE
def test_nothing_is_patched(module: Module) -> None:
    """Parameters are passed instead of attributes patched: what is tested is what runs."""
    assert not list(patches(module.tree))


@EVERY_FILE
def test_each_test_states_a_promise(module: Module) -> None:
    """Under the name of each test stands one sentence that says what it holds."""
    tests = [each for each in functions(module.tree) if each.name.startswith("test_")]
    silent = {each.name for each in tests if not is_sentence(ast.get_docstring(each) or "")}
    assert not silent


@pytest.mark.parametrize(
    "text",
    [
        "from unittest import mock",
        "import unittest.mock",
        "def test_a(monkeypatch): ...",
        "def test_a(*, mocker): ...",
        "from mock import patch",
    ],
)
def test_patching_is_noticed(text: str) -> None:
    """The check itself sees each of the usual means of patching."""
    assert list(patches(ast.parse(text)))
