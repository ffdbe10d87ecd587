"""A word that does not exist, and the one that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Return "did you mean …?" with the word of `known` that is nearest, "" where none is near.

    `likeness` is how alike they must be, 1 being the same. Case is passed over: IAM's own action
    names differ from what is typed by it more than by anything else.
    """
    # A word of another length can't be alike enough, and looking closer takes its time.
    of_like_length = (
        candidate
        for candidate in known
        if 2 * min(len(word), len(candidate)) >= likeness * (len(word) + len(candidate))
    )
    by_folded = {candidate.casefold(): candidate for candidate in of_like_length}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=likeness)
    return f"did you mean {by_folded[near[0]]}?" if near else ""
