"""Whether a value looks drawn at random: by its classes of characters, and how they mix. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

# Of 24 random characters nearly all texts pass what follows; of 16 too many words do.
SHORTEST_RANDOM = 24
# Random letters and digits change class at six places of ten, words at two.
_LEAST_CHANGES = 0.4
_LEAST_BITS = 3.5
_LEAST_HEX_BITS = 3.0
_MATERIAL = re.compile(r"[A-Za-z0-9+/_-]{24,512}+={0,2}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{24,256}+|[0-9A-F]{24,256}+)", re.ASCII)
# What digests, commits and most ids are made of; only a name can tell that it is a key.
_DIGEST_LENGTHS = frozenset({32, 40, 48, 56, 64, 96, 128})
_PUBLIC = ("AAAA", "ssh-", "sha256-", "sha384-", "sha512-", "MII", "LS0tLS1CRUdJTi", "iVBOR", "pk_")
_CLASSES = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=",
    "U" * 26 + "l" * 26 + "d" * 10 + "s" * 5,
)


def looks_random(value: str) -> bool:
    """Say whether a value is as random as a key, in letters of both cases and digits."""
    if _MATERIAL.fullmatch(value) is None or value.startswith(_PUBLIC):
        return False
    classes = value.translate(_CLASSES)
    if not {"U", "l", "d"} <= set(classes):
        return False
    changes = sum(one != other for one, other in pairwise(classes))
    return changes >= _LEAST_CHANGES * len(value) and bits(value) >= _LEAST_BITS


def is_hex_key(value: str) -> bool:
    """Say whether a value may be a key in hexadecimal: a digest looks the same."""
    return _HEX.fullmatch(value) is not None and bits(value) >= _LEAST_HEX_BITS


def is_digest(value: str) -> bool:
    """Say whether a value has the form of a digest or a commit."""
    return _HEX.fullmatch(value) is not None and len(value) in _DIGEST_LENGTHS


def bits(value: str) -> float:
    """Return Shannon's entropy of the value's characters, in bits a character."""
    count = len(value)
    return -sum(n / count * math.log2(n / count) for n in Counter(value).values())
