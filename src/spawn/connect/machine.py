"""The two sides of a connection: this machine, and AWS as a connection needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spawn.aws.door import Reader, Writer
from spawn.connect.programs import Programs


@dataclass(frozen=True, kw_only=True)
class Machine:
    """This side of the connection.

    state_directory   where spawn keeps its key and the pinned host keys
    ssh_directory     the person's own ~/.ssh, where the key of a named key pair may lie
    programs          started without AWS's settings in their environment
    aws_programs      started with them, as AWS's own programs behind a proxy command need them
    proxy_command     ssh's ProxyCommand to whatever is reached first, "" for none
    own_command       the words that start spawn itself again, from anywhere
    now               tells the wall clock's time, as certificates go by it
    randomness        returns so many random bytes
    """

    state_directory: Path
    ssh_directory: Path
    programs: Programs
    aws_programs: Programs
    now: Callable[[], datetime]
    randomness: Callable[[int], bytes]
    proxy_command: str = ""
    own_command: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """The side of AWS.

    caller_addresses   returns the public addresses that the caller is seen with, none where these
                       can't be found out
    profile, assume_role   as the person named them, for programs that carry a connection; or ""
    local              whether AWS is the embedded cloud here, which such programs are told too
    """

    reader: Reader
    writer: Writer
    region: str
    caller_addresses: Callable[[], tuple[str, ...]]
    profile: str = ""
    assume_role: str = ""
    local: bool = False
