"""A plan in words: what was decided, subject by subject. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from spawn.core.durations import format_duration
from spawn.core.endings import KEPT, End, gone_at
from spawn.core.instants import format_instant
from spawn.images.chosen import describe_age
from spawn.launch.decisions import Decisions
from spawn.launch.spec import DEFAULT_TTL, EndAction, LaunchSpec
from spawn.launch.ssh_ca import principals_of
from spawn.network.rules import describe
from spawn.posture.model import Disk, KeyManager
from spawn.prices.cost import cost
from spawn.prices.money import format_usd
from spawn.prices.words import price_sentence


def summary_of(spec: LaunchSpec, made: Decisions, *, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return pairs of a subject and what was decided about it."""
    return (
        ("account", f"{made.caller.account}, as {made.caller.arn}"),
        ("instance", _instance(spec, made)),
        ("image", _image(made, now)),
        ("network", _network(made)),
        ("ssh", _ssh(spec, made)),
        ("role", made.rights.sentence),
        ("disk", _disks(made)),
        ("metadata", _metadata(spec)),
        ("price", _price(spec, made, now)),
        ("ends", _end(spec, made)),
        *_other_ends(spec),
        *made.aws_duties.summary,
        *made.secrets.summary,
    )


def _instance(spec: LaunchSpec, made: Decisions) -> str:
    """Name the first choice, and what is tried where there is no capacity for it."""
    first, *others = made.candidates.found
    zones = [place.zone for place in first.choice.options]
    many = f"{spec.count} x " if spec.count > 1 else ""
    least = f", at least {spec.min_count}" if spec.min_count not in (None, spec.count) else ""
    market = " as a spot instance" if spec.spot else ""
    else_zones = f" (else {', '.join(zones[1:])})" if len(zones) > 1 else ""
    else_types = f", else {', '.join(one.instance_type for one in others)}" if others else ""
    name = f", named {spec.name}" if spec.name else ""
    where = f"{first.instance_type}{market} in {zones[0]}{else_zones}{else_types}"
    return f"{many}{where}{least}{name}"


def _image(made: Decisions, now: datetime) -> str:
    image = made.candidates.first.image
    return f"{image.name or image.image_id}, {describe_age(image, now)}"


def _network(made: Decisions) -> str:
    place = made.candidates.first.choice.options[0]
    address = "a public address" if made.place.public_address else "no public address"
    return f"{made.place.vpc_id}, {place.reach} subnet {place.subnet_id}, {address}"


def _ssh(spec: LaunchSpec, made: Decisions) -> str:
    ingress = made.place.network.ingress
    rules = [] if not isinstance(ingress, tuple) else [one.rule for one in ingress]
    key = f"with the key pair {made.key.name}" if made.key.name else "without a key pair"
    if spec.ssh_ca is not None:
        whom = ", ".join(principals_of(made.owner, made.caller.owner))
        key = f"with certificates of {spec.ssh_ca.public_key.fingerprint} alone, for {whom}"
    return f"{describe(rules)}, {key}" if rules else f"closed, {key}"


def _disks(made: Decisions) -> str:
    return "; ".join(
        f"{disk.device_name}, {disk.size_gib} GiB, {_encryption(disk)}"
        for disk in made.candidates.first.disk_postures
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
    when = f"{format_instant(made.expires_at)}, in {ttl}"
    if spec.on_expiry is End.TERMINATE:
        return f"{when}: the instance and its disk go"
    gone = format_instant(gone_at(made.expires_at, made.tags))
    return f"{when}: the instance stops; its disk goes at {gone}{_kept_cost(spec, made)}"


def _kept_cost(spec: LaunchSpec, made: Decisions) -> str:
    """Say what the disks cost while they are kept, where that is known."""
    hourly = made.candidates.first.places[0].price.volumes
    if not hourly:
        return ""
    return f", and costs {format_usd(cost(hourly, KEPT) * spec.count)} more until then"


_BECOMES = {
    EndAction.TERMINATE: "it ends then",
    EndAction.STOP: "it is stopped then, and its disk goes on costing",
    EndAction.HIBERNATE: "it hibernates then, and its disk goes on costing",
}


def _other_ends(spec: LaunchSpec) -> Iterator[tuple[str, str]]:
    """Yield what else ends it, and what happens before."""
    if spec.idle is not None:
        idle = format_duration(spec.idle.timeout)
        yield "idle", f"after {idle} without work or login: {_BECOMES[spec.idle.action]}"
    if spec.completion is not None:
        file = f" or {spec.completion.file} is there" if spec.completion.file else ""
        becomes = _BECOMES[spec.completion.action]
        yield "complete", f"once its work says `spored complete`{file}: {becomes}"
    if spec.pre_stop is not None:
        limit = format_duration(spec.pre_stop.timeout)
        yield "before", f"it runs {spec.pre_stop.command!r}, for {limit} at the most"


def _price(spec: LaunchSpec, made: Decisions, now: datetime) -> str:
    """Say what the first choice costs, and what the others may come to."""
    ttl = made.expires_at - now
    first, most = made.candidates.first.places[0].price, made.candidates.dearest
    sentence = price_sentence(first, duration=ttl, count=spec.count)
    if first.total is None or most.total == first.total:
        return sentence
    if most.total is None:
        return f"{sentence}; the most is unknown ({'; '.join(most.unknown)})"
    return f"{sentence}; at the most {format_usd(cost(most.total, ttl) * spec.count)}"
