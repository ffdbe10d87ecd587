"""The instance metadata service, version 2, over a bare socket: `http.client` is too large.

Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
"""

from __future__ import annotations

import socket
from datetime import datetime, timezone

ADDRESS = "169.254.169.254", 80
# It answers within milliseconds; whatever waits for it must not wait long.
TIMEOUT_SECONDS = 2
LARGEST_BYTES = 65_536
TOKEN_SECONDS = 300  # renewed far more often
_HEADER = "X-aws-ec2-metadata-token"


class Metadata:
    """The service. `date` is when it answered last, by its own clock: seconds since 1970.

    Raises OSError where it does not answer, which is no error: it may be switched off; and
    ValueError where its answer is none.
    """

    date = 0.0
    _token = ""

    def renew(self) -> None:
        """Get a token, without which nothing is answered."""
        self._token = self._ask("PUT api/token", f"{_HEADER}-ttl-seconds: {TOKEN_SECONDS}") or ""

    def get(self, path: str) -> str | None:
        """Return what stands at a path below /latest/meta-data/, None for nothing."""
        return self._ask(f"GET meta-data/{path}", f"{_HEADER}: {self._token}")

    def _ask(self, request: str, header: str) -> str | None:
        words = f"{request.replace(' ', ' /latest/')} HTTP/1.0\r\n{header}\r\n\r\n"
        answer = b""
        with socket.create_connection(ADDRESS, TIMEOUT_SECONDS) as connection:
            connection.sendall(words.encode())
            while len(answer) < LARGEST_BYTES and (piece := connection.recv(LARGEST_BYTES)):
                answer += piece
        status, self.date, text = parse(answer)
        if status not in (200, 404):
            raise OSError(status)
        return text if status == 200 else None


def parse(answer: bytes) -> tuple[int, float, str]:
    """Return status, Date and text of an answer. Raises ValueError for what is none."""
    head, _, body = answer.decode("utf-8", "replace").partition("\r\n\r\n")
    date = head[head.lower().index("\ndate:") + 7 :].partition("\r")[0]
    # RFC 9110, 5.6.7; Python's own locale is C, where nobody sets another.
    moment = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=timezone.utc)
    return int(head[9:12]), moment.timestamp(), body
