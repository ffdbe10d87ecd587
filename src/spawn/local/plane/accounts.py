"""Who can log in on an instance, and where their things lie.

One user id is mapped in the instances' user namespace, so all names stand for root; the names
are those that the common images expect.
"""

from __future__ import annotations

from pathlib import Path

# Amazon Linux, Ubuntu, Debian's images on AWS, and Debian's elsewhere.
LOGIN_USERS = ("ec2-user", "ubuntu", "admin", "debian")
HOST_KEY = Path("/etc/ssh/ssh_host_ed25519_key")


def home_of(username: str) -> Path:
    """The home directory of a login user, or of root."""
    return Path("/root") if username == "root" else Path("/home") / username
