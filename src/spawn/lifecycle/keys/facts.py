"""What is known of keys in AWS: who asks, and every region's key pairs and instances.

All pairs and all instances, not only spawn's: anybody may have imported the same key under a name
of their own, and an instance that was launched otherwise trusts a key as well.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spawn.aws import ec2
from spawn.aws.door import Reader
from spawn.aws.questions import Asker, Question, value_of
from spawn.aws.sts import Identity, caller_question
from spawn.lifecycle.regions import FailedRegion, enabled_regions, gather

_SIDE_BY_SIDE = 64
# Whoever may be logged in to, now or after a start. From shutting-down there is no way back.
_TRUSTING_STATES = ["pending", "running", "stopping", "stopped"]


@dataclass(frozen=True, kw_only=True)
class KeyRegion:
    """One region's key pairs, and its instances that have not ended."""

    region: str
    pairs: tuple[ec2.KeyPair, ...]
    instances: tuple[ec2.Instance, ...]


@dataclass(frozen=True, kw_only=True)
class KeyFacts:
    """All regions. What a failed one holds is not known, and so may be anything."""

    caller: Identity
    regions: tuple[KeyRegion, ...]
    failed_regions: tuple[FailedRegion, ...] = ()


def read_key_facts(reader: Reader, *, home_region: str) -> KeyFacts:
    """Read all regions side by side. Raises AwsRefusal where none can be read."""
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        caller = asker.ask(caller_question(home_region))
        regions = enabled_regions(asker, home_region)
        read, failed = gather({region: _ask_region(asker, region) for region in regions})
        return KeyFacts(caller=value_of(caller()), regions=read, failed_regions=failed)


def _ask_region(asker: Asker, region: str) -> Callable[[], KeyRegion]:
    pairs = asker.ask(
        Question(
            operation=ec2.DESCRIBE_KEY_PAIRS,
            parameters={"IncludePublicKey": True},
            region=region,
            understand=ec2.key_pairs,
        )
    )
    instances = asker.ask(
        Question(
            operation=ec2.DESCRIBE_INSTANCES,
            parameters={"Filters": [{"Name": "instance-state-name", "Values": _TRUSTING_STATES}]},
            region=region,
            understand=ec2.instances,
        )
    )
    return lambda: KeyRegion(
        region=region, pairs=value_of(pairs()), instances=value_of(instances())
    )
