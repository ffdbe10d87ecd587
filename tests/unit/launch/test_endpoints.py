"""The agent is told the endpoints that AWS's own SDK would use."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from spawn.launch import endpoints

SESSION = botocore.session.Session()
PARTITIONS = sorted(SESSION.get_available_partitions())
ONCE = Config(retries={"total_max_attempts": 1})


class Asked(Exception):
    """A request is about to be sent: it is seen, and goes nowhere."""

    def __init__(self, url: str, authorization: str) -> None:
        self.url, self.authorization = url, authorization


def asked(service: str, operation: str, region: str, **parameters: Any) -> str:
    """What the SDK asks, in the words that the agent is told: scope and URL without its path."""
    client = SESSION.create_client(
        service,
        region_name=region,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=ONCE,
    )

    def look(request: Any, **_: Any) -> None:
        raise Asked(request.url, request.headers["Authorization"].decode())

    client.meta.events.register("before-send", look)
    with pytest.raises(Asked) as seen:
        getattr(client, operation)(**parameters)
    region, service = seen.value.authorization.split("/")[2:4]
    return f"{region}/{service} {'/'.join(seen.value.url.split('/')[:3])}"


@pytest.mark.parametrize("partition", PARTITIONS)
def test_route_53_has_one_endpoint_in_a_partition(partition: str) -> None:
    """In whichever region an instance is, its record is kept where its partition has Route 53."""
    region = SESSION.get_available_regions("ec2", partition)[-1]
    assert asked("route53", "list_hosted_zones_by_name", region) == endpoints.route53(partition)


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ec2", "stop_instances", {"InstanceIds": ["i-1"]}),
        ("logs", "create_log_group", {"logGroupName": "g"}),
        # A name that can be no host's: the bucket is in the path then, as the agent has it.
        ("s3", "get_object", {"Bucket": "dotted.name", "Key": "k"}),
    ],
)
def test_others_have_one_in_each_region(
    partition: str, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    """The agent calls the services of its own region, over https."""
    region = SESSION.get_available_regions("ec2", partition)[-1]
    told = endpoints.regional(service, partition=partition, region=region)
    assert asked(service, operation, region, **parameters) == told
