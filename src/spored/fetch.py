"""`spored fetch WORDS`: the person's script, for which user-data had no room."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from hashlib import sha256

from spored.calling import FAULTS, call

PLACE = "/var/lib/spored/user-data"
# A new role's credentials take seconds to come and to be believed, a network perhaps minutes.
PATIENCE_SECONDS, PAUSE_SECONDS = 300, 5


def main(words: Sequence[str]) -> None:
    """Get the script that user-data names by its length and SHA-256, and become it.

    `words` are S3 as `call` takes it, the account that the bucket must belong to, the length in
    bytes, and the path, which ends in the SHA-256.
    """
    service, account, length, path = words
    script = fetched(service, path, account)
    if (f"{len(script)}", sha256(script).hexdigest()) != (length, path[-64:]):
        sys.exit(f"spored: {path} is not what was staged: it is not run")
    with open(os.open(PLACE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700), "wb") as file:
        file.write(script)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and so would the script
    os.execv(PLACE, [PLACE])  # noqa: S606  no shell of ours


def fetched(service: str, path: str, account: str) -> bytes:
    """Return the object, once it can be had."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call(service, f"GET {path}", headers={"x-amz-expected-bucket-owner": account})
        except FAULTS as error:
            if time.monotonic() > until:
                sys.exit(f"spored: can't fetch the script {path}: {error}")
        time.sleep(PAUSE_SECONDS)
