"""Answers one GetSecretValue, from standard input to standard output, and ends.

usage: secret_once.py FILE

QEMU starts it for each connection that the machine makes to where its orders say that secrets are.
The file holds what is answered; who asks, and whether he may, the embedded cloud's tests look at.
"""

import json
import sys
from pathlib import Path

LARGEST_HEAD_BYTES = 16 * 1024


def main(value_path: str) -> None:
    """Read a request, answer it with the file's text."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LARGEST_HEAD_BYTES:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        head += line
    is_asked = b"secretsmanager.GetSecretValue" in head and b"AWS4-HMAC-SHA256" in head
    body = json.dumps({"SecretString": Path(value_path).read_text(encoding="utf-8")}).encode()
    status = "200 OK" if is_asked else "400 Bad Request"
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", "", "")
    sys.stdout.buffer.write("\r\n".join(lines).encode() + body)


if __name__ == "__main__":
    main(*sys.argv[1:])
