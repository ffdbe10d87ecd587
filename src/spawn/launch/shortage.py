"""What AWS has too little of, or lets this account have too little of: tried elsewhere, explained.

Codes: EC2 API Reference, "Error codes". Quotas: EC2 user guide, "Amazon EC2 service quotas".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from spawn.aws.perform import Attempt
from spawn.core.errors import AccountError
from spawn.launch.spec import LaunchSpec

_NO_ROOM = "AWS has no more of it there at the moment"
_QUOTA = "this account's quota for it is used up"
_NO_SPOT = "there is no spare capacity there at the moment"
_PRICE = "spare capacity costs more than --spot-max-price"
_WORDS = {
    "InsufficientInstanceCapacity": _NO_ROOM,
    "InsufficientHostCapacity": _NO_ROOM,
    "UnfulfillableCapacity": _NO_SPOT,
    "InsufficientFreeAddressesInSubnet": "its subnet has too few free addresses",
    "Unsupported": "it is not offered there",
    "VcpuLimitExceeded": _QUOTA,
    "InstanceLimitExceeded": _QUOTA,
    "MaxSpotInstanceCountExceeded": _QUOTA,
    "SpotMaxPriceTooLow": _PRICE,
}
SHORTAGE_CODES = tuple(sorted(_WORDS))

# Quotas count the vCPUs of a group of families, on demand and spot apart. The last row is for
# all that stand in none of the others (A, C, D, H, I, M, R, T, Z).
_QUOTA_CODES = (
    (re.compile(r"(g\d|gr\d|vt\d)"), "L-DB2E81BA", "L-3819A6DF"),
    (re.compile(r"p\d"), "L-417A185B", "L-7212CCBC"),
    (re.compile(r"x\d"), "L-7295265B", "L-E3A00192"),
    (re.compile(r"f\d"), "L-74FC7D96", "L-88CF9481"),
    (re.compile(r"inf\d"), "L-1945791B", "L-B5D1601B"),
    (re.compile(r"trn\d"), "L-2C3B7624", "L-5480EFD2"),
    (re.compile(r""), "L-1216C47A", "L-34B43A08"),
)


def is_shortage(attempts: Sequence[Attempt]) -> bool:
    """Say whether it was for want of capacity that a launch failed."""
    return bool(attempts) and all(one.refusal.code in _WORDS for one in attempts)


def shortage_error(
    spec: LaunchSpec, attempts: Sequence[Attempt], *, first_label: str
) -> AccountError:
    """Return the error that names each try, why it failed, and what would help."""
    tried = "; ".join(
        f"{one.label or first_label}: {_WORDS[one.refusal.code]} ({one.refusal.code})"
        for one in attempts
    )
    market = "spot instance" if spec.spot else "instance"
    wanted = f"{spec.count} {market}s" if spec.count > 1 else f"a {market}"
    codes = {one.refusal.code for one in attempts}
    return AccountError(
        f"{wanted} can't be had now",
        why=f"{tried}. {_remedy(spec, codes)}",
        next_command=_next_command(spec, codes),
    )


def _remedy(spec: LaunchSpec, codes: set[str]) -> str:
    if _is_quota(codes):
        return "Ask AWS for a larger quota, end other instances, or use another family of types"
    ways = (
        ("raise --spot-max-price or leave it out", "SpotMaxPriceTooLow" in codes),
        ("leave --spot out", spec.spot),
        ("leave --az out", bool(spec.zones)),
        ("leave --subnet out", spec.subnet is not None),
        ("accept fewer with --min-count", spec.count > 1 and spec.min_count is None),
        ("name more types: --instance-type a,b,c", True),
    )
    return f"What may help: {'; '.join(words for words, applies in ways if applies)}"


def _next_command(spec: LaunchSpec, codes: set[str]) -> str:
    family = spec.instance_types[0]
    if _is_quota(codes):
        return (
            f"aws service-quotas get-service-quota --region {spec.region} --service-code ec2 "
            f"--quota-code {quota_code(family, spot=spec.spot)}"
        )
    if spec.spot:
        return (
            f"aws ec2 describe-spot-price-history --region {spec.region} --instance-types {family} "
            "--product-descriptions Linux/UNIX --max-items 10"
        )
    return (
        f"aws ec2 describe-instance-type-offerings --region {spec.region} --location-type "
        f"availability-zone --filters 'Name=instance-type,Values={family.partition('.')[0]}.*'"
    )


def _is_quota(codes: set[str]) -> bool:
    return all(_WORDS[code] == _QUOTA for code in codes)


def quota_code(instance_type: str, *, spot: bool) -> str:
    """Return the code of the quota that the type counts against, as Service Quotas knows it."""
    found = next(row for row in _QUOTA_CODES if row[0].match(instance_type))
    return found[2] if spot else found[1]
