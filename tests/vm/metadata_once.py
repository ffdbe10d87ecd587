"""Answers one request for metadata, from standard input to standard output, and ends.

usage: metadata_once.py INSTANCE KEY

QEMU starts it for each connection that the machine makes to 169.254.169.254. The instance is read
anew each time: whoever rewrites the file changes the tags of a machine that runs.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from spawn.local.plane.metadata import answer
from spawn.local.plane.metadata_server import parse_request, render_response
from spawn.local.world import Instance

LARGEST_REQUEST_BYTES = 16 * 1024


def main(instance_path: str, key: str) -> None:
    """Read a request, answer it as the instance's metadata would."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LARGEST_REQUEST_BYTES:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        head += line
    request = parse_request(head)
    if request is None:
        return
    instance = msgspec.json.decode(Path(instance_path).read_bytes(), type=Instance)
    now = datetime.now(UTC)
    response = answer(instance, request, key=key.encode(), now=now)
    with_body = request.method != "HEAD"
    sys.stdout.buffer.write(render_response(response, now=now, with_body=with_body))


if __name__ == "__main__":
    main(*sys.argv[1:])
