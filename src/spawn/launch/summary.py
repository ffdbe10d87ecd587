"""A plan in words: what was decided, subject by subject. Pure."""

from __future__ import annotations

from spawn.core.durations import format_duration
from spawn.core.instants import format_instant
from spawn.launch.decisions import Decisions
from spawn.launch.spec import DEFAULT_TTL, LaunchSpec
from spawn.network.rules import describe
from spawn.posture.model import Disk, KeyManager


def summary_of(spec: LaunchSpec, made: Decisions) -> tuple[tuple[str, str], ...]:
    """Return pairs of a subject and what was decided about it."""
    return (
        ("account", f"{made.caller.account}, as {made.caller.arn}"),
        ("instance", _instance(spec, made)),
        ("network", _network(made)),
        ("ssh", _ssh(made)),
        ("role", made.rights.sentence),
        ("disk", _disks(made)),
        ("metadata", _metadata(spec)),
        ("ends", _end(spec, made)),
    )


def _instance(spec: LaunchSpec, made: Decisions) -> str:
    zones = [place.zone for place in made.place.options]
    fallback = f" (else {', '.join(zones[1:])})" if len(zones) > 1 else ""
    name = f", named {spec.name}" if spec.name else ""
    image = made.image.name or made.image.image_id
    return f"{spec.instance_type} in {zones[0]}{fallback}, {image}{name}"


def _network(made: Decisions) -> str:
    place = made.place.options[0]
    address = "a public address" if made.place.public_address else "no public address"
    return f"{made.place.vpc_id}, {place.reach} subnet {place.subnet_id}, {address}"


def _ssh(made: Decisions) -> str:
    ingress = made.place.network.ingress
    rules = [] if not isinstance(ingress, tuple) else [one.rule for one in ingress]
    key = f"with the key pair {made.key.name}" if made.key.name else "without a key pair"
    return f"{describe(rules)}, {key}" if rules else f"closed, {key}"


def _disks(made: Decisions) -> str:
    return "; ".join(
        f"{disk.device_name}, {disk.size_gib} GiB, {_encryption(disk)}"
        for disk in made.disk_postures
    )


def _encryption(disk: Disk) -> str:
    match disk.encrypted:
        case True:
            is_aws = disk.key_manager is KeyManager.AWS
            return f"encrypted with {'the key that AWS manages' if is_aws else disk.kms_key}"
        case False:
            return "not encrypted"
        case _:
            return "perhaps encrypted: the account's default can't be seen"


def _metadata(spec: LaunchSpec) -> str:
    options = spec.metadata
    if options.http_endpoint == "disabled":
        return "off"
    version = "IMDSv2 only" if options.http_tokens == "required" else "IMDSv1 and IMDSv2"
    hops = options.http_put_response_hop_limit
    tags = "with tags" if options.instance_metadata_tags == "enabled" else "without tags"
    return f"{version}, {hops} hop{'s' if hops != 1 else ''}, {tags}"


def _end(spec: LaunchSpec, made: Decisions) -> str:
    ttl = format_duration(spec.ttl or DEFAULT_TTL)
    return f"{format_instant(made.expires_at)}, in {ttl}: the instance and its disk go"
