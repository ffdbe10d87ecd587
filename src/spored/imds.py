"""Who reaches instance metadata from here: root, and one user. `spored imds` sees to it.

Rules of routing say so, and no firewall: whoever loads rules of a firewall flushes what stood
there, its kernel module is often forbidden, and Amazon Linux brings no program for it. A rule
knows the user of a socket (Linux 4.10), and one that is refused is refused at once. What comes from
elsewhere and is passed on, from a container's network as well, has no user and is refused, too.

`systemd-networkd` removes each rule that it has not made itself, but those of the kernel: so ours
say that they are the kernel's (networkd.conf(5), ManageForeignRoutingPolicyRules).

Sources: rtnetlink(7), linux/fib_rules.h; EC2 User Guide, "Use the Instance Metadata Service".
"""

from __future__ import annotations

import errno
import json
import os
import pwd
import socket
import struct
from collections.abc import Iterator, Sequence

from spored.agent import ORDERS
from spored.voice import read

Attributes = Sequence[tuple[int, bytes]]
ADDRESSES = {
    socket.AF_INET: socket.inet_pton(socket.AF_INET, "169.254.169.254"),
    socket.AF_INET6: socket.inet_pton(socket.AF_INET6, "fd00:ec2::254"),
}
# Before all rules that others make; rule 0, the kernel's own, leads to this machine's addresses.
ADMITTED, REFUSED, PASSED = 1, 2, 3
_NEW_RULE, _GET_ROUTE, _ERROR = 32, 26, 2
_REQUEST, _NEW = 0x1 | 0x4, 0x200 | 0x400  # to be acknowledged; and to be made, unless it is there
_GO_TO, _NOTHING, _PROHIBIT = 2, 3, 8
# Attributes of rules, and of a route that is asked for.
_TO, _FROM_DEVICE, _TARGET, _PRIORITY, _USERS, _MADE_BY = 1, 3, 4, 6, 20, 21
_KERNEL = b"\2"
_USER = 25
# systemd's scheme leaves it to nobody (https://systemd.io/UIDS-GIDS).
NOBODYS = 60_999


def restrict(user_id: int) -> None:
    """Let root and this user reach it, and nobody else.

    Raises OSError where the kernel does not do so; what was done by then refuses rather too many.
    """
    for family, address in ADDRESSES.items():
        for body, attributes in _rules(family, address, user_id):
            code = _ask(_NEW_RULE, _NEW, body, attributes)
            if code == errno.EAFNOSUPPORT and family == socket.AF_INET6:
                break  # no IPv6, no way to its address
            if code not in (0, errno.EEXIST):
                raise OSError(code, f"metadata can't be kept from others: {os.strerror(code)}")
    if not is_restricted():
        raise OSError(errno.EACCES, "metadata can't be kept from others: rules lead around ours")


def is_restricted() -> bool:
    """Ask the kernel whether it would refuse users whom no system gives a name."""
    return all(
        _ask(_GET_ROUTE, 0, _header(family, address), [(_TO, address), (_USER, _number(NOBODYS))])
        in (errno.EACCES, errno.EAFNOSUPPORT)
        for family, address in ADDRESSES.items()
    )


def _rules(family: int, address: bytes, user_id: int) -> Iterator[tuple[bytes, Attributes]]:
    """Yield the rules, in an order in which root is never kept from it."""
    made_by, to = (_MADE_BY, _KERNEL), (_TO, address)
    yield _header(family, b"", _NOTHING), [made_by, (_PRIORITY, _number(PASSED))]
    for each in sorted({0, user_id}):
        here = _FROM_DEVICE, b"lo\0"  # what this machine sends itself
        users = _USERS, _number(each) * 2
        target, priority = (_TARGET, _number(PASSED)), (_PRIORITY, _number(ADMITTED))
        yield _header(family, address, _GO_TO), [made_by, to, here, users, target, priority]
    yield _header(family, address, _PROHIBIT), [made_by, to, (_PRIORITY, _number(REFUSED))]


def _header(family: int, address: bytes, action: int = 0) -> bytes:
    """Begin a rule, or the question for a route: the members that are set stand alike in both."""
    return struct.pack("=8BI", family, len(address) * 8, 0, 0, 0, 0, 0, action, 0)


def _number(value: int) -> bytes:
    return struct.pack("=I", value)


def _ask(kind: int, flags: int, body: bytes, attributes: Attributes) -> int:
    """Return the number of the error that the kernel answers with, 0 for none."""
    for name, value in attributes:
        whole = struct.pack("=HH", 4 + len(value), name) + value
        body += whole + bytes(-len(whole) % 4)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.sendall(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | flags, 1, 0) + body)
        answer = kernel.recv(65_536)
    _, answered, _, _, _, code = struct.unpack_from("=IHHIIi", answer)
    return -code if answered == _ERROR else 0


def main(_words: Sequence[str]) -> None:
    """Restrict it early in a boot: the user's own services may start before a secret is there."""
    orders = json.loads(read(ORDERS))
    if "secrets" not in orders:  # the disk is of an image of a machine that had some
        return
    name = orders["secrets"]["user"]
    try:
        user_id = pwd.getpwnam(name).pw_uid
    except KeyError:  # cloud-init makes it in a moment; until then root alone
        user_id = 0
    restrict(user_id)
