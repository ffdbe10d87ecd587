"""The caller's public addresses, as the address service sees them.

What is not known for sure is unknown: then no ingress is opened, and the person is told how to
get in. An address that can't be a source on the internet is never let through, since a rule for
it would open the group to some neighbour of the instance instead.
"""

from __future__ import annotations

import enum
import http.client
import ipaddress
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit, urlunsplit

from spawn.aws.questions import Known, Unseen
from spawn.core.errors import InputError

DEFAULT_ADDRESS_URL = "https://checkip.amazonaws.com"
# The longest IPv6 literal has 39 characters (RFC 4291); the service ends it with a newline.
LONGEST_ANSWER_BYTES = 64

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
CallerAddresses = Known[tuple[str, ...]] | Unseen


class Family(enum.Enum):
    """The protocol to ask over: the service answers with the address that it was asked from.

    The value is the local address that binds a connection to the family, and the seconds to
    wait. A broken IPv6 is common and must not hold up a launch that works without it.
    """

    V4 = ("0.0.0.0", 5.0)  # noqa: S104 - any source address, nothing listens
    V6 = ("::", 1.5)

    @property
    def source(self) -> str:
        """The unspecified address of the family."""
        return self.value[0]

    @property
    def timeout_seconds(self) -> float:
        """How long connecting, and each read, may take."""
        return self.value[1]


# Returns at most LONGEST_ANSWER_BYTES + 1 bytes of the answer's body. Raises OSError.
Fetch = Callable[[str, Family], bytes]

# Blocks from which no packet comes over the internet: RFC 6890 and the registries it founded.
# The documentation blocks of RFC 5737 and RFC 3849 are left in: networks built for tests use
# them as if they were public, and nobody else holds them.
_NOT_PUBLIC = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/3",
    )
)
# RFC 4291, section 2.4 with IANA's registry: all unicast that is routed at all lies in here.
_ROUTED_IPV6 = ipaddress.IPv6Network("2000::/3")


def address_url(text: str) -> str:
    """Return the address service's URL, checked.

    Whoever can change the answer decides who gets in, so it must be https; plain http is taken
    from this machine's own loopback only. Raises InputError.
    """
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0 and parts.username is None
        if is_whole and (parts.scheme == "https" or _is_own_machine(parts)):
            return text
    except ValueError as error:
        raise _not_a_service(text) from error
    raise _not_a_service(text)


def _not_a_service(text: str) -> InputError:
    return InputError(
        f"SPAWN_ADDRESS_URL {text!r} can't be used",
        why="the address service decides who may reach the instance: write an https:// URL",
        next_command="unset SPAWN_ADDRESS_URL",
    )


def _is_own_machine(parts: SplitResult) -> bool:
    if parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def find_caller(url: str, fetch: Fetch) -> CallerAddresses:
    """Ask over IPv4 and IPv6 at once; what is known is what was answered over either.

    Unseen, with the reason over IPv4, where neither gave an address.
    """
    with ThreadPoolExecutor(max_workers=len(Family)) as pool:
        answers = list(pool.map(lambda family: _ask(url, family, fetch), Family))
    known = {address for answer in answers if isinstance(answer, Known) for address in answer.value}
    return Known(tuple(sorted(known))) if known else answers[0]


def _ask(url: str, family: Family, fetch: Fetch) -> CallerAddresses:
    try:
        return Known((str(parse_address(fetch(url, family))),))
    except (OSError, ValueError) as error:
        return Unseen(url, str(error))


def parse_address(answer: bytes) -> IpAddress:
    """Return the one public address that the answer consists of.

    Raises ValueError for anything else, without repeating what a stranger wrote at length.
    """
    if len(answer) > LONGEST_ANSWER_BYTES:
        raise ValueError("the address service answered with more than an address")
    try:
        address = ipaddress.ip_address(answer.decode("ascii").strip())
    except ValueError as error:
        raise ValueError("the address service did not answer with an address") from error
    if not _is_public(address):
        raise ValueError(f"the address service answered {address}, which is not a public address")
    return address


def _is_public(address: IpAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        return address.scope_id is None and address in _ROUTED_IPV6
    return not any(address in block for block in _NOT_PUBLIC)


def no_way_in(unknown: Unseen) -> str:
    """Say that nothing was opened, why, and how to get in all the same."""
    return (
        f"your public address is not known ({unknown.why}), so no SSH ingress is opened; "
        "launch with --ssh-from CIDR to open it for an address that you name"
    )


def fetch_over_https(url: str, family: Family) -> bytes:
    """Fetch the URL directly, over the family alone. Raises OSError.

    No proxy and no redirect is followed: the address of a proxy is not the one SSH comes from.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    # Binding to a family's unspecified address leaves only the server's addresses of that family.
    connection = connect(
        parts.hostname or "",
        parts.port,
        timeout=family.timeout_seconds,
        source_address=(family.source, 0),
    )
    try:
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("GET", target, headers={"User-Agent": "spawn"})
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK:
            raise OSError(f"the address service answered with status {response.status}")
        return response.read(LONGEST_ANSWER_BYTES + 1)
    except http.client.HTTPException as error:
        raise OSError("the address service did not answer in HTTP") from error
    finally:
        connection.close()
