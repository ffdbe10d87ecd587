"""Any value of a type of data, made from the type itself: no field can be forgotten."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Union

import msgspec
from hypothesis import strategies as st

# Words that mean something to a control, and text that means nothing.
WORDS = st.sampled_from(
    (
        *("tcp", "udp", "-1", "6", "icmp", "50", "0.0.0.0/0", "::/0", "10.0.0.0/8", "1.2.3.4/32"),
        *("0.0.0.0/1", "128.0.0.0/1", "sg-1", "pl-1", "not a block", "", "{", "}", "'; rm -rf /"),
        *("required", "optional", "enabled", "disabled", "terminate", "stop", "owner", "project"),
        *("*", "s3:*", "s3:GetObject", "arn:aws:s3:::b/*", "iam:PassRole", "spawn:expires-at"),
        "arn:aws:iam::aws:policy/AdministratorAccess",
    )
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS | st.text(max_size=8),
    int: st.integers(-1, 70_000),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.integers(0, 4_000_000_000).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
    object: st.text(max_size=3),
}


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for all values of the type."""
    if kind in LEAVES:
        return LEAVES[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*(any_of(each) for each in arguments))
    if origin is tuple:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if origin in (dict, Mapping) or origin is typing.get_origin(Mapping[str, str]):
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    assert isinstance(kind, type), kind
    assert issubclass(kind, msgspec.Struct), kind
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: any_of(hints[name]) for name in kind.__struct_fields__})
