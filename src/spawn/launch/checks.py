"""What can't be asked together, or not at all: found in the spec alone, before any question."""

from __future__ import annotations

from datetime import timedelta

from spawn.core.endings import End
from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.core.tags import LONGEST_VALUE, MOST_TAGS, Tag, unreadable_in_metadata
from spawn.launch.dns import check_dns
from spawn.launch.duty_checks import check_duties
from spawn.launch.secrets import check_secrets
from spawn.launch.spec import DEFAULT_TTL, LaunchSpec
from spawn.launch.ssh_ca import check_ssh_ca

# Tags that spawn adds to an instance: what is left of AWS's fifty is the person's.
_OWN_TAGS = (
    Tag.SPAWN,
    Tag.LAUNCH_ID,
    Tag.OWNER,
    Tag.NAME,
    Tag.CREATED_AT,
    Tag.EXPIRES_AT,
    Tag.SECURITY,
    Tag.USD_PER_HOUR,
    Tag.PRE_STOP_TIMEOUT,
    Tag.IDLE_TIMEOUT,
    Tag.ON_IDLE,
    Tag.ON_COMPLETE,
    Tag.ON_EXPIRY,
    Tag.DNS_NAME,
    Tag.DNS_ZONE,
    Tag.LOG_GROUP,
    Tag.SSH_CA,
)
# Less than what a boot takes is a mistake, and would leave a machine that ends as it begins.
SHORTEST_TTL = timedelta(minutes=1)


def check_spec(spec: LaunchSpec) -> None:
    """Raise InputError, naming the flag, for what can't be meant or can't be had."""
    _check_tags(spec)
    _check_name(spec)
    _check_metadata(spec)
    _check_network(spec)
    _check_market(spec)
    _check_agent(spec)
    check_duties(spec)
    check_dns(spec)
    check_ssh_ca(spec)
    check_secrets(spec)
    if spec.ami is not None and spec.os is not None:
        raise InputError("--ami and --os exclude each other", why="the image decides the system")
    if spec.encrypt_volumes is False and spec.kms_key_id is not None:
        raise InputError(
            "--no-encrypt-volumes and --kms-key-id exclude each other", why="leave one of them out"
        )


def ttl_of(spec: LaunchSpec) -> timedelta:
    """Return how long the instance lives. Raises InputError where it must be said and is not."""
    if spec.ttl is None and spec.security is Level.STRICT:
        raise InputError(
            "--security strict needs --ttl", why="write how long it is needed: 30m, 4h, 1d12h"
        )
    ttl = DEFAULT_TTL if spec.ttl is None else spec.ttl
    if ttl < SHORTEST_TTL:
        raise InputError(
            "--ttl is shorter than a boot takes", why="write 1m or more: 90s, 30m, 4h, 1d12h"
        )
    return ttl


def _check_tags(spec: LaunchSpec) -> None:
    if len(spec.tags) > MOST_TAGS - len(_OWN_TAGS):
        raise InputError(
            f"--tags gives {len(spec.tags)} tags",
            why=f"AWS takes {MOST_TAGS}, and spawn needs {len(_OWN_TAGS)} of them",
        )
    unreadable = unreadable_in_metadata(spec.tags)
    if unreadable and spec.metadata.instance_metadata_tags == "enabled":
        raise InputError(
            f"--tags {unreadable[0]!r} can't be carried by instance metadata",
            why="letters, digits and + - = . , _ : @ can; or switch tags in metadata off with "
            "--metadata-options InstanceMetadataTags=disabled",
        )


def _check_name(spec: LaunchSpec) -> None:
    if spec.name is None:
        return
    if Tag.NAME in spec.tags:
        raise InputError("--name and --tags Name=… exclude each other", why="leave one out")
    if not spec.name.strip() or not spec.name.isprintable() or len(spec.name) > LONGEST_VALUE:
        raise InputError(
            "--name can't be used",
            why=f"write 1 to {LONGEST_VALUE} characters that can be printed",
        )


def _check_metadata(spec: LaunchSpec) -> None:
    """Without its metadata service an instance gets no user-data, no key and no role."""
    if spec.metadata.http_endpoint != "disabled":
        return
    needs = {
        "--user-data": spec.user_data is not None,
        "--key-pair": spec.key_pair is not None,
        "--iam-policy": bool(spec.iam_policies),
        "--iam-policy-file": spec.iam_policy_document is not None,
        "--iam-managed-policies": bool(spec.iam_managed_policies),
        "--iam-role": spec.iam_role is not None,
        "--secret": bool(spec.secrets),
        "--security strict": spec.security is Level.STRICT,
    }
    for flag, is_given in needs.items():
        if is_given:
            raise InputError(
                f"{flag} and --metadata-options HttpEndpoint=disabled exclude each other",
                why="the instance would get it from its metadata service, which that switches off",
            )
    if spec.agent:
        raise InputError(
            "--metadata-options HttpEndpoint=disabled needs --no-agent",
            why="nothing on the instance can end it without metadata: its backstop alone will",
        )


def _check_network(spec: LaunchSpec) -> None:
    if spec.security_groups and spec.ssh_from:
        raise InputError(
            "--security-groups and --ssh-from exclude each other",
            why="spawn does not edit groups that it did not make: leave one of them out",
        )
    if spec.public_ip and spec.security is Level.STRICT:
        raise InputError(
            "--public-ip and --security strict exclude each other",
            why="strict instances have no public address: use --security standard",
        )
    if spec.private_ip is not None and spec.count > 1:
        raise InputError(
            "--private-ip and --count exclude each other", why="an address serves one instance"
        )


def _check_market(spec: LaunchSpec) -> None:
    if spec.min_count is not None and spec.min_count > spec.count:
        raise InputError(
            f"--min-count {spec.min_count} is more than --count {spec.count}",
            why="it says how many of them are enough",
        )
    if spec.spot_max_price is not None and not spec.spot:
        raise InputError("--spot-max-price needs --spot", why="on demand there is one price")
    if spec.spot and spec.on_expiry is End.STOP:
        raise InputError(
            "--spot and --on-expiry stop exclude each other",
            why="a one-time spot instance can't be stopped, only ended",
        )
    for flag, values in (("--instance-type", spec.instance_types), ("--az", spec.zones)):
        if len(set(values)) < len(values) or "" in values:
            raise InputError(
                f"{flag} {','.join(values)!r} can't be used", why="write each once, commas between"
            )
    if not spec.instance_types:
        raise InputError("--instance-type names none", why="write one, or several with commas")


def _check_agent(spec: LaunchSpec) -> None:
    """Where nothing of ours runs, the end date is the backstop's alone."""
    duties = {
        "--dns-name": spec.dns_name is not None,
        "--ship-logs": spec.ship_logs,
        "--secret": bool(spec.secrets),
    }
    for flag, is_asked in duties.items():
        if is_asked and not spec.agent:
            raise InputError(
                f"{flag} and --no-agent exclude each other", why="it is the agent that does it"
            )
    if spec.agent or spec.security is not Level.STRICT:
        return
    raise InputError(
        "--no-agent and --security strict exclude each other",
        why="a strict instance ends itself, whatever happens outside of it",
    )
