"""What was asked for: pure data, nothing looked up, every value already of its type.

Each field, changed alone, changes what AWS is asked or what the instance starts with, or is
refused with a reason: a test walks the fields.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from decimal import Decimal

import msgspec

from spawn.connect.ssh_ca.trust import SshTrust
from spawn.core.endings import End
from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.images.catalog import OperatingSystem
from spawn.secrets.references import SecretReference

DEFAULT_INSTANCE_TYPE = "t3.micro"
DEFAULT_TTL = timedelta(hours=8)
# Each is awaited, read back and judged: what is launched by the thousand wants another tool.
MOST_INSTANCES = 100
# Amazon EC2 API Reference, RunInstances, MetadataOptions: HttpPutResponseHopLimit is 1 to 64.
MOST_HOPS = 64


class MetadataOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the instance's metadata service answers, in EC2's own words."""

    http_tokens: str = "required"
    http_put_response_hop_limit: int = 1
    http_endpoint: str = "enabled"
    instance_metadata_tags: str = "enabled"


class EndAction(enum.StrEnum):
    """What an end does to the instance: to its disks, and to what is in its memory."""

    TERMINATE = "terminate"
    STOP = "stop"
    HIBERNATE = "hibernate"


class PreStop(msgspec.Struct, frozen=True, kw_only=True):
    """A shell command that runs before the instance ends, as root, and how long it may take."""

    command: str
    timeout: timedelta = timedelta(minutes=2)


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """When an instance counts as idle, and what becomes of it.

    cpu_percent    of one processor: less is nothing
    network_bytes  a second, both ways: less is nothing
    processes      names of programs that are work while they run
    ports          local ports on which a connection is work
    """

    timeout: timedelta
    cpu_percent: int = 10
    network_bytes: int = 10_000
    processes: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    action: EndAction = EndAction.TERMINATE


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an instance when its work says that it is done.

    file   a path on the instance that says so by being there, "" for none
    delay  how long after that the instance ends
    """

    action: EndAction
    file: str = ""
    delay: timedelta = timedelta(seconds=30)


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A control that may fail this once, and why."""

    control: str
    reason: str


class LaunchSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One launch as it was asked for. None means: decide by the security level and the account.

    instance_types        in the order in which they are tried
    zones                 those that it may go to; none for all
    public_key            the person's own key in OpenSSH's form, used where no key pair is named
    ttl                   how long until the instance ends by itself
    agent                 whether something on the instance ends it; else its backstop alone does
    count                 how many instances; `min_count` of them are enough, None for all
    spot_max_price        US dollars an hour; None for up to the price on demand
    on_expiry             what comes at the end date: the end, or a stop and the end a week later
    max_cost              US dollars until the end date, for all instances
    iam_policy_documents  the texts of policy files: parsed and checked by the plan
    user_data             the person's own text or bytes, unchanged
    hibernation           whether it may be hibernated by hand, whatever ends it by itself
    dns_name              the name that leads to it, in `dns_zone`: a hosted zone's id or name
    ship_logs             whether its agent's log goes to CloudWatch Logs
    ssh_ca                the authority whose certificates alone it admits, None for keys
    secrets               those that it fetches at boot: where they are kept, never what they are
    secret_user           who may read them besides root, None for the image's login user
    """

    region: str
    instance_types: tuple[str, ...] = (DEFAULT_INSTANCE_TYPE,)
    ami: str | None = None
    os: OperatingSystem | None = None
    agent: bool = True
    zones: tuple[str, ...] = ()
    count: int = 1
    min_count: int | None = None
    spot: bool = False
    spot_max_price: Decimal | None = None
    max_cost: Decimal | None = None
    name: str | None = None
    ttl: timedelta | None = None
    security: Level = Level.STANDARD
    key_pair: str | None = None
    public_key: str = ""
    security_groups: tuple[str, ...] = ()
    ssh_from: tuple[str, ...] = ()
    vpc: str | None = None
    subnet: str | None = None
    public_ip: bool | None = None
    private_ip: str | None = None
    encrypt_volumes: bool | None = None
    kms_key_id: str | None = None
    volume_size_gib: int | None = None
    volume_type: str | None = None
    metadata: MetadataOptions = MetadataOptions()
    tags: dict[str, str] = {}
    user_data: bytes | None = None
    iam_policies: tuple[str, ...] = ()
    iam_policy_document: str | None = None
    iam_managed_policies: tuple[str, ...] = ()
    iam_role: str | None = None
    permissions_boundary: str | None = None
    waivers: tuple[Waiver, ...] = ()
    on_expiry: End = End.TERMINATE
    pre_stop: PreStop | None = None
    idle: Idle | None = None
    completion: Completion | None = None
    hibernation: bool = False
    dns_name: str | None = None
    dns_zone: str | None = None
    ship_logs: bool = False
    ssh_ca: SshTrust | None = None
    secrets: tuple[SecretReference, ...] = ()
    secret_user: str | None = None

    @property
    def hibernates(self) -> bool:
        """Whether it may be hibernated: that has to be asked for at launch."""
        ends = [end.action for end in (self.idle, self.completion) if end is not None]
        return self.hibernation or EndAction.HIBERNATE in ends


_METADATA_CHOICES = {
    "HttpTokens": ("http_tokens", ("required", "optional")),
    "HttpEndpoint": ("http_endpoint", ("enabled", "disabled")),
    "InstanceMetadataTags": ("instance_metadata_tags", ("enabled", "disabled")),
}


def parse_metadata_options(text: str, *, flag: str) -> MetadataOptions:
    """Read `HttpTokens=required,HttpPutResponseHopLimit=1`, as the AWS CLI writes them.

    Raises InputError, naming `flag`, for an unknown or repeated option and an impossible value.
    """
    found: dict[str, str | int] = {}
    for pair in text.split(","):
        option, _, value = pair.strip().partition("=")
        if option == "HttpPutResponseHopLimit":
            field, right = "http_put_response_hop_limit", f"a number from 1 to {MOST_HOPS}"
            valid = value.isascii() and value.isdigit() and 1 <= int(value) <= MOST_HOPS
        elif option in _METADATA_CHOICES:
            field, choices = _METADATA_CHOICES[option]
            valid, right = value in choices, " or ".join(choices)
        else:
            known = ", ".join(sorted((*_METADATA_CHOICES, "HttpPutResponseHopLimit")))
            raise InputError(f"{flag} has no option {option!r}", why=f"the options are {known}")
        if not valid or field in found:
            raise InputError(
                f"{flag} {pair.strip()!r} can't be used", why=f"write {option}= once, with {right}"
            )
        found[field] = int(value) if field == "http_put_response_hop_limit" else value
    return msgspec.convert(found, MetadataOptions)
