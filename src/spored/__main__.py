"""`spored NAME ...`: runs the module of that name."""

from __future__ import annotations

import sys
from importlib import import_module

try:
    main = import_module(f"spored.{sys.argv[1]}").main
except (AttributeError, ImportError, IndexError):
    sys.exit("usage: spored status [-o json] | complete | secrets")
main(sys.argv[2:])
