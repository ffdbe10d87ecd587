"""Remembers two things that moto works out anew for each call, though they never change.

They are half of what a call costs. moto's answers stay the same, byte for byte.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core import responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import method_names_from_class

_find_keys = XFormedAttributePicker.get_possible_keys
_keys: dict[tuple[Any, str, type], tuple[str, ...]] = {}


def _remembered_keys(
    picker: XFormedAttributePicker, context: AttributePickerContext
) -> tuple[str, ...]:
    """Under which names an object may hold a member of a shape."""
    place = (context.shape, context.key, type(context.obj))
    if place not in _keys:
        _keys[place] = tuple(dict.fromkeys(_find_keys(picker, context)))
    return _keys[place]


def remember() -> None:
    """Begin."""
    responses.method_names_from_class = functools.cache(method_names_from_class)  # type: ignore[attr-defined]
    XFormedAttributePicker.get_possible_keys = _remembered_keys  # type: ignore[method-assign, assignment]
