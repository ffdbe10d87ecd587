"""`python -m spawn.local.plane --directory DIR --fd N`: run the data plane until N closes."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from spawn.local.plane.outside import run_plane


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m spawn.local.plane", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="private state directory")
    parser.add_argument("--fd", type=int, required=True, help="connected Unix stream socket")
    arguments = parser.parse_args()
    return run_plane(arguments.directory, socket.socket(fileno=arguments.fd))


if __name__ == "__main__":
    sys.exit(main())
