"""The checks: each a pure function of what was found out, with why it matters beside it."""
