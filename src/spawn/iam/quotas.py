"""How long policies may be, in characters without the whitespace between values.

Sources: IAM and STS quotas; Organizations user guide, "Quotas and service limits".
"""

from __future__ import annotations

from typing import Final

# All inline policies of one role together; not adjustable.
MOST_INLINE_CHARACTERS: Final = 10_240
# The trust policy of a role, unless the account had it raised.
MOST_TRUST_CHARACTERS: Final = 2_048
MOST_MANAGED_CHARACTERS: Final = 6_144
# 10,240 since 15 May 2026, in every partition, and half of it before.
MOST_SCP_CHARACTERS: Final = 10_240
MOST_SESSION_CHARACTERS: Final = 2_048
