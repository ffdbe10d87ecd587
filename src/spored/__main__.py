"""`spored NAME ...`: runs the module of that name."""

from __future__ import annotations

import sys
from importlib import import_module

import_module(f"spored.{sys.argv[1]}").main(sys.argv[2:])
