"""Foreign text made harmless for a terminal."""

from __future__ import annotations

import unicodedata

# Cc, Cf: controls and formatting (escape sequences, bidirectional overrides, zero widths);
# Co, Cs, Cn: private, surrogates, unassigned; Zl, Zp: separators that break a table's lines.
_HOSTILE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def escape(text: str) -> str:
    r"""Return the text on one line, with every character that could act on a terminal written out.

    Those characters become `\x1b` or `\u202e`, as Python writes them; all others stay.
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _HOSTILE
        else character
        for character in text
    )
