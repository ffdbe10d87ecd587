"""What of the person's waits for secrets: a script, on the instance. Pure.

It begins with a line that leads to the agent: `spored secrets` waits for the secrets, and
becomes the rest of the script; where one of them can't be had, it never does.
"""

from __future__ import annotations

from spawn.core.errors import InputError
from spawn.launch.userdata import as_script, unpacked

# execve(2), "Interpreter scripts": an interpreter may be a script itself, and is given what
# follows its name as one word.
GUARD = b"#!/usr/local/bin/spored secrets\n"
# A command over SSH may come before they are there; what it begins with waits, and then is it.
WITH_SECRETS = ("/usr/local/bin/spored", "secrets", "exec", "--")


def guarded(user_data: bytes, *, flag: str) -> bytes:
    """Return a script that runs only once all secrets are there.

    Raises InputError, naming `flag`, for what is no script.
    """
    script = as_script(unpacked(user_data, flag=flag))
    if script is None:
        raise InputError(
            f"--secret can't hold back this {flag}: it is for cloud-init, and no script",
            why="its parts would run whether the secrets are there or not: write a script, or let "
            "units of your own come after spored-secrets.service",
        )
    return GUARD + script
