"""What a denial says: which action, on what, and which kind of policy decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# The kind of policy that a person's administrator adds to; the others only ever narrow it.
IDENTITY_POLICY: Final = "identity-based policy"


@dataclass(frozen=True, kw_only=True)
class Denial:
    """One denial. `resource` is "" where AWS names none, `kind` where it does not say."""

    action: str
    resource: str = ""
    who: str = ""
    kind: str = ""
    is_explicit: bool = False

    @property
    def can_be_allowed(self) -> bool:
        """Whether a statement among the caller's own policies would change the answer."""
        return not self.is_explicit and self.kind in ("", IDENTITY_POLICY)
