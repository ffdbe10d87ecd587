"""One setting changed in a file that a person wrote: everything else stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError, NamedThingNotFound
from spawn.settings.editing import with_setting, without_setting
from spawn.settings.statements import key_lines, read_toml, statements
from spawn.settings.values import Value

FILE = """\
# my boxes
ttl = "4h" # half a "day" # really

instance-type = [
  "t3.micro",
  "t3a.micro",
]
name = "a # b"

[tags] # a table
ttl = "not a setting"
"""


@pytest.mark.parametrize(
    ("key", "value", "before", "after"),
    [
        ("ttl", "8h", 'ttl = "4h" # half', 'ttl = "8h" # half'),
        ("name", "c", 'name = "a # b"\n', 'name = "c"\n'),
        (
            "instance-type",
            ("m7g.large",),
            'instance-type = [\n  "t3.micro",\n  "t3a.micro",\n]\n',
            'instance-type = ["m7g.large"]\n',
        ),
        ("volume-size", 30, 'name = "a # b"\n', 'name = "a # b"\nvolume-size = 30\n'),
    ],
)
def test_only_the_one_line_changes(key: str, value: Value, before: str, after: str) -> None:
    """Comments, empty lines, order and tables are what they were."""
    assert FILE.count(before) == 1
    assert with_setting(FILE, key, value, name="f") == FILE.replace(before, after)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", 'ttl = "4h"\n'),
        ("# mine", '# mine\nttl = "4h"\n'),
        ("spot = true", 'spot = true\nttl = "4h"\n'),
        ("[tags]\na = 'b'\n", "ttl = \"4h\"\n[tags]\na = 'b'\n"),
        ("spot = true\r\n", 'spot = true\r\nttl = "4h"\n'),
        ('ttl = "1h"\r\nspot = true\r\n', 'ttl = "4h"\r\nspot = true\r\n'),
        ("'ttl' = \"1h\"", 'ttl = "4h"'),
        ('  "ttl"="1h"# c', 'ttl = "4h"# c'),
    ],
)
def test_a_setting_finds_its_place(text: str, after: str) -> None:
    """In its old place, else after the last setting that stands above all tables."""
    assert with_setting(text, "ttl", "4h", name="f") == after


def test_a_setting_is_taken_out() -> None:
    """Its statement goes, and nothing else."""
    assert without_setting(FILE, "name", name="f") == FILE.replace('name = "a # b"\n', "")
    with pytest.raises(NamedThingNotFound, match="spot is not set in f"):
        without_setting(FILE, "spot", name="f")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[tags]\na = 'b'\n", "tags"),
        ("tags.a = 'b'\n", "tags"),
        ("instance-type = [\n  'a', # why\n]\n", "instance-type"),
    ],
)
def test_what_can_not_be_edited_safely_is_left_to_the_person(text: str, key: str) -> None:
    """Neither a table nor a comment is lost: the error names the file."""
    with pytest.raises(InputError, match="f has to be edited by hand"):
        with_setting(text, key, {"a": "c"} if key == "tags" else ("b",), name="f")
    with pytest.raises(InputError, match="f has to be edited by hand"):
        without_setting(text, key, name="f")


def test_a_file_that_is_no_toml_is_not_edited() -> None:
    """The person mends it first."""
    with pytest.raises(InputError, match="f is not TOML"):
        with_setting("ttl = ", "ttl", "4h", name="f")


VALUES = st.one_of(
    st.text(st.characters(codec="utf-8")),
    st.lists(st.text(st.characters(codec="utf-8"))).map(tuple),
    st.integers(0, 10**9),
    st.booleans(),
)
COMMENTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=20)


@given(st.dictionaries(st.sampled_from("abcdef"), VALUES), COMMENTS, st.sampled_from("abc"), VALUES)
def test_any_file_says_all_it_said_and_the_new_value(
    said: dict[str, Value], comment: str, key: str, value: Value
) -> None:
    """Whatever a file of ours holds: set and unset change one key, and comments stay."""
    text = f"# {comment}\n"
    for name, one in said.items():
        text = with_setting(text, name, one, name="f")
    edited = with_setting(text, key, value, name="f")
    plain = list(value) if isinstance(value, tuple) else value
    assert read_toml(edited) == {**read_toml(text), key: plain}
    assert edited.startswith(f"# {comment}\n")
    gone = without_setting(edited, key, name="f")
    assert read_toml(gone) == {name: one for name, one in read_toml(text).items() if name != key}


def test_lines_are_told_as_an_editor_counts_them() -> None:
    """A key inside a text or below a heading is none of the top's."""
    text = 'a = """\nb = 1\n[c]\n"""\nd = 1\n[e]\nf = 2\n[e.g]\n'
    assert key_lines(text) == {"a": 1, "d": 5, "e": 6}
    assert "".join(one.text for one in statements(text)) == text


def test_a_long_text_hides_no_line() -> None:
    """A script of any length, whatever brackets it holds, is one statement."""
    script = "if [ -e /x ]; then echo; fi # [1]\n" * 300
    text = f"ttl = '4h'\nuser-data = '''\n{script}'''\naz = [\n  'a', # ]\n]\nspot = true\n"
    assert key_lines(text) == {"ttl": 1, "user-data": 2, "az": 304, "spot": 307}
    assert with_setting(text, "spot", value=False, name="f") == text.replace("true", "false")
