"""What AWS's answers are read into: frozen types whose members bear AWS's names outside.

Only the members that spawn looks at are named in them; msgspec passes over the others.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from spawn.aws.operation import Answer


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A part of an answer: members are named in Python's way and read in AWS's."""


class TagShape(Shape, frozen=True, kw_only=True):
    """One tag."""

    key: str
    value: str


class Tagged(Shape, frozen=True, kw_only=True):
    """Whatever carries tags."""

    tags: tuple[TagShape, ...] = ()

    @property
    def tag_mapping(self) -> dict[str, str]:
        """The tags by key."""
        return {tag.key: tag.value for tag in self.tags}


S = TypeVar("S", bound=Shape)


def many(answer: Answer, member: str, shape: type[S]) -> tuple[S, ...]:
    """Read a list of the answer, empty where the member is left out.

    Raises msgspec.ValidationError where AWS's answer is not of its documented shape.
    """
    found: Any = answer.get(member) or ()
    return msgspec.convert(found, type=tuple[shape, ...], strict=False)  # type: ignore[valid-type]
