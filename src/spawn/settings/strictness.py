"""What "no weaker" means, for each setting that has an order.

A `Floor` is what an organisation's value demands of a launch. It looks at all the values together,
since one can be got round by another: named security groups take the place of `ssh-from`, a named
role that of a role with a boundary.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from spawn.core.durations import parse_duration
from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.network.rules import parse_ssh_from
from spawn.settings.values import Value

Values = Mapping[str, Value]

LEVELS = (Level.OPEN, Level.STANDARD, Level.STRICT)
DEFAULT_TTL = "8h"
# Amazon EC2 API Reference, RunInstances, MetadataOptions: from the weakest to the strictest.
# The hop limit is a number from 1 to 64, the lower the stricter.
METADATA_ORDER = {
    "HttpTokens": ("optional", "required"),
    "HttpEndpoint": ("enabled", "disabled"),
    "InstanceMetadataTags": ("enabled", "disabled"),
}
HOP_LIMIT = "HttpPutResponseHopLimit"
MOST_HOPS = 64
ROLE_POLICIES = ("iam-policy", "iam-policy-file", "iam-managed-policies")


@dataclass(frozen=True)
class Floor:
    """What a value demands.

    demand     the demand in words, after "the organisation demands"
    broken_by  the key of the setting that goes below it, None where none does; it may be a
               setting that is missing
    """

    demand: Callable[[Value], str]
    broken_by: Callable[[Value, Values], str | None]


def text_of(values: Values, key: str, default: str = "") -> str:
    """Return a text among the values, the default where it is not there."""
    found = values.get(key, default)
    return found if isinstance(found, str) else default


def texts_of(values: Values, key: str) -> tuple[str, ...]:
    """Return texts among the values, none where they are not there."""
    found = values.get(key, ())
    return found if isinstance(found, tuple) else ()


def pairs_among(values: Values, key: str) -> Mapping[str, str]:
    """Return pairs among the values, none where they are not there."""
    found = values.get(key, {})
    return found if isinstance(found, Mapping) else {}


def makes_role(values: Values) -> bool:
    """Whether the launch makes a role: for policies, for what the agent is to call, in `strict`."""
    is_strict = text_of(values, "security") == Level.STRICT
    is_asked = any(key in values for key in ROLE_POLICIES)
    return "iam-role" not in values and (is_strict or is_asked or _calls_aws(values))


def _calls_aws(values: Values) -> bool:
    """Whether the agent does: for a name, for its log, for an end that powering off does not bring.

    `spawn.launch.duties.asks_ec2` says the last of a whole launch.
    """
    powering_off = text_of(values, "on-expiry", "terminate")
    ends = {text_of(values, key, powering_off) for key in ("on-idle", "on-complete")}
    is_named, is_shipped = "dns-name" in values, values.get("ship-logs") is True
    return is_named or is_shipped or ends != {powering_off}


def _security(demanded: Value, values: Values) -> str | None:
    level = Level(text_of(values, "security", Level.STANDARD))
    return "security" if LEVELS.index(level) < LEVELS.index(Level(str(demanded))) else None


def _ttl(demanded: Value, values: Values) -> str | None:
    length = parse_duration(text_of(values, "ttl", DEFAULT_TTL), flag="--ttl")
    return "ttl" if length > parse_duration(str(demanded), flag="ttl") else None


def _max_cost(demanded: Value, values: Values) -> str | None:
    asked = values.get("max-cost")
    is_within = isinstance(asked, Decimal) and asked <= Decimal(str(demanded))
    return None if is_within else "max-cost"


def _boundary(demanded: Value, values: Values) -> str | None:
    if "iam-role" in values:
        return "iam-role"  # what it may do is not bounded by spawn
    is_bound = values.get("permissions-boundary") == demanded
    return None if is_bound or not makes_role(values) else "permissions-boundary"


def _ssh_from(demanded: Value, values: Values) -> str | None:
    if "security-groups" in values:
        return "security-groups"
    sources = texts_of(values, "ssh-from")
    if not sources:
        is_closed = text_of(values, "security") == Level.STRICT
        return None if is_closed else "ssh-from"
    blocks = parse_ssh_from(demanded if isinstance(demanded, tuple) else (), flag="ssh-from")
    is_within = all(_lies_in(one, blocks) for one in parse_ssh_from(sources))
    return None if is_within else "ssh-from"


def _lies_in(source: str, blocks: tuple[str, ...]) -> bool:
    """Whether a source lies in one of the blocks; of a prefix list only its name is known."""
    if source in blocks:
        return True
    if source.startswith("pl-"):
        return False
    network = ipaddress.ip_network(source)
    outer = (ipaddress.ip_network(block) for block in blocks if not block.startswith("pl-"))
    return any(_holds(block, network) for block in outer)


def _holds(
    outer: ipaddress.IPv4Network | ipaddress.IPv6Network,
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    same = outer.version == inner.version
    return same and inner[0] in outer and inner[-1] in outer


def _tags(demanded: Value, values: Values) -> str | None:
    tags = pairs_among(values, "tags")
    wanted = demanded if isinstance(demanded, Mapping) else {}
    stand = all(key in tags and value in {"", tags[key]} for key, value in wanted.items())
    return None if stand else "tags"


def _metadata(demanded: Value, values: Values) -> str | None:
    asked = pairs_among(values, "metadata-options")
    wanted = demanded if isinstance(demanded, Mapping) else {}
    holds = all(
        option in asked and metadata_rank(option, asked[option]) >= metadata_rank(option, value)
        for option, value in wanted.items()
    )
    return None if holds else "metadata-options"


def metadata_rank(option: str, value: str) -> int:
    """Return how strict an option's value is, the higher the stricter. Raises InputError."""
    if option == HOP_LIMIT:
        if value.isascii() and value.isdigit() and len(value) <= 2 and 1 <= int(value) <= MOST_HOPS:
            return -int(value)
        raise InputError(f"{option} {value!r} is no hop limit", why=f"write 1 to {MOST_HOPS}")
    if option not in METADATA_ORDER:
        known = ", ".join((*METADATA_ORDER, HOP_LIMIT))
        raise InputError(f"there is no metadata option {option!r}", why=f"the options are {known}")
    if value not in METADATA_ORDER[option]:
        right = " or ".join(METADATA_ORDER[option])
        raise InputError(f"{option} {value!r} can't be used", why=f"write {right}")
    return METADATA_ORDER[option].index(value)


def _exactly(key: str) -> Floor:
    def broken_by(demanded: Value, values: Values) -> str | None:
        return None if values.get(key) == demanded else key

    return Floor(lambda value: f"{key} {value}", broken_by)


def _switch(key: str, *, strict: bool, otherwise: bool | None = None) -> Floor:
    """Return the floor of a switch: its strict value stands, its other one demands nothing.

    `otherwise` is what a switch that nobody set means; None for: not known here.
    """

    def broken_by(demanded: Value, values: Values) -> str | None:
        stands = values.get(key, otherwise) is strict
        return key if demanded is strict and not stands else None

    return Floor(lambda value: f"{key} = {'true' if value else 'false'}", broken_by)


def _pairs_in_words(value: Value) -> str:
    pairs = value if isinstance(value, Mapping) else {}
    return ", ".join(f"{name}={one}" if one else f"{name}=…" for name, one in pairs.items())


def _texts_in_words(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


SECURITY = Floor(lambda value: f"security {value} at least", _security)
TTL = Floor(lambda value: f"ttl {value} at most", _ttl)
MAX_COST = Floor(lambda value: f"max-cost {value} at most", _max_cost)
ENCRYPT_VOLUMES = _switch("encrypt-volumes", strict=True)
PUBLIC_IP = _switch("public-ip", strict=False)
AGENT = _switch("agent", strict=True, otherwise=True)
SSH_CA = _switch("ssh-ca", strict=True, otherwise=False)
SHIP_LOGS = _switch("ship-logs", strict=True, otherwise=False)
PERMISSIONS_BOUNDARY = Floor(
    lambda value: f"permissions-boundary {value} on the role that is made", _boundary
)
KMS_KEY_ID = _exactly("kms-key-id")
SSH_FROM = Floor(lambda value: f"ssh-from within {_texts_in_words(value)}", _ssh_from)
TAGS = Floor(lambda value: f"the tags {_pairs_in_words(value)}", _tags)
METADATA_OPTIONS = Floor(
    lambda value: f"metadata-options no weaker than {_pairs_in_words(value)}", _metadata
)
