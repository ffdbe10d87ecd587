"""Tags as people write them, and which keys are theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.core.tags import Tag, parse_tags, tag_list, tag_mapping, unreadable_in_metadata

FLAG = "--tags"
_PLAIN = st.characters(exclude_characters=",=", codec="utf-8")
KEYS = st.text(_PLAIN, min_size=1, max_size=128).filter(
    lambda key: key.strip() and not key.casefold().startswith(("spawn", "aws:"))
)
VALUES = st.text(st.characters(exclude_characters=",", codec="utf-8"), max_size=256)
TAGS = st.dictionaries(KEYS, VALUES, max_size=5)


@given(TAGS)
def test_what_is_written_is_read(tags: dict[str, str]) -> None:
    """Tags survive the way over one flag, over several, and over AWS's list."""
    words = [f"{key}={value}" for key, value in tags.items()]
    assert parse_tags(words, flag=FLAG) == tags
    assert tag_mapping(tag_list(tags)) == tags
    if words:
        assert parse_tags([",".join(words)], flag=FLAG) == tags


@pytest.mark.parametrize("key", [*Tag, "SPAWN", "Spawn:Hold", "spawn:anything", "aws:x", "AWS:y"])
def test_spawns_own_keys_are_refused(key: str) -> None:
    """Orders in tags are spawn's: a person's tag can't be one. Owner and name are a person's."""
    if key in (Tag.OWNER, Tag.NAME):
        assert parse_tags([f"{key}=x"], flag=FLAG) == {key: "x"}
        return
    with pytest.raises(InputError, match="is reserved"):
        parse_tags([f"{key}=x"], flag=FLAG)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a tag"),
        ("key", "is not a tag"),
        ("=value", "is not a tag"),
        (" =value", "is not a tag"),
        ("a=1,", "is not a tag"),
        ("a=1,a=2", "twice"),
        (f"{'k' * 129}=v", "longer than a tag"),
        (f"k={'v' * 257}", "longer than a tag"),
    ],
)
def test_what_is_no_tag_is_refused(text: str, words: str) -> None:
    """The words name the flag, and say how a tag is written."""
    with pytest.raises(InputError, match=words) as refused:
        parse_tags([text], flag=FLAG)
    assert refused.value.what.startswith(FLAG)
    assert refused.value.why


def test_metadata_carries_few_characters() -> None:
    """Letters, digits and a few signs: any other key makes RunInstances fail."""
    readable = ["project", "cost-center", "a.b_c:d@e+f=g,h", "0"]
    unreadable = ["cost center", "a/b", "ä", "", "_index", ".", ".."]
    assert unreadable_in_metadata([*readable, *unreadable]) == tuple(unreadable)


@given(TAGS)
def test_the_list_for_aws_is_in_order(tags: dict[str, str]) -> None:
    """The same tags make the same request, in whichever order they were given."""
    assert tag_list(tags) == tag_list(dict(reversed(tags.items())))
