"""What a listing promises."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.errors import (
    AccessDenied,
    AwsRefusal,
    CredentialsRefused,
    InputError,
    Unreachable,
)
from spawn.core.steps import Parameters
from spawn.lifecycle.filter_parser import parse_filter
from spawn.lifecycle.list import EVERYTHING, Listing, Selection, list_instances, parse_states
from spawn.lifecycle.listed import BackstopState
from tests.unit.lifecycle.builders import ID, ME, NOW, OTHER_ID, REGION
from tests.unit.lifecycle.clouds import Account, Reply

ALICE = Identity(account="1", arn="a", user_id="u", partition="aws", owner=ME)
REGIONS = ("ap-south-1", REGION, "us-east-1")


def described(instance_id: str, *, owner: str = ME, hours_ago: int = 1, **tags: str) -> Any:
    carried = {"spawn": "true", "owner": owner, "Name": "web"} | tags
    return {
        "InstanceId": instance_id,
        "LaunchTime": NOW - timedelta(hours=hours_ago),
        "State": {"Name": "running"},
        "Tags": [{"Key": key, "Value": value} for key, value in carried.items()],
    }


FLEET: dict[str, list[Any]] = {
    "us-east-1": [described("i-00000000000000001", owner="bob"), described(OTHER_ID, hours_ago=3)],
    REGION: [described(ID, hours_ago=2, project="ml")],
}


def healthy(key: str, parameters: Parameters, region: str) -> Reply:
    match key:
        case "ec2:DescribeRegions":
            return {"Regions": [{"RegionName": name} for name in reversed(REGIONS)]}
        case "ec2:DescribeInstances":
            return {"Reservations": [{"Instances": [one]} for one in FLEET.get(region, [])]}
        case _ if region == REGION:
            return {"Schedules": [{"Name": f"spawn-{ID}", "State": "ENABLED"}]}
        case _:
            return AwsRefusal("no group", code="ResourceNotFoundException")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def listed(account: Account, pool: ThreadPoolExecutor, **arguments: Any) -> Listing:
    return list_instances(
        Asker(account, pool), caller=lambda: ALICE, now=NOW, home_region=REGION, **arguments
    )


def test_all_enabled_regions_are_listed_own_first(pool: ThreadPoolExecutor) -> None:
    """Every region is read; the caller's own come first, the latest of them on top."""
    found = listed(Account(healthy), pool)
    assert [row.id for row in found.instances] == [ID, OTHER_ID, "i-00000000000000001"]
    assert [row.backstop for row in found.instances] == [
        BackstopState.ARMED,
        BackstopState.MISSING,
        BackstopState.MISSING,
    ]
    assert found.failed_regions == ()


def test_one_region_costs_two_calls(pool: ThreadPoolExecutor) -> None:
    """With a region given, no other is asked, and not for the list of them."""
    account = Account(healthy)
    assert [row.id for row in listed(account, pool, region=REGION).instances] == [ID]
    assert sorted(key for key, _, region in account.calls if region == REGION) == [
        "ec2:DescribeInstances",
        "scheduler:ListSchedules",
    ]
    assert len(account.calls) == 2


@pytest.mark.parametrize(
    "refusal",
    [AccessDenied("no", why="denied by SCP"), Unreachable("no", why="timeout"), AwsRefusal("bad")],
)
def test_a_region_that_fails_is_named(pool: ThreadPoolExecutor, refusal: AwsRefusal) -> None:
    """The other regions are listed, and the one that failed is in the result with its reason."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        failing = key == "ec2:DescribeInstances" and region == "us-east-1"
        return refusal if failing else healthy(key, parameters, region)

    found = listed(Account(reply), pool)
    assert [row.id for row in found.instances] == [ID]
    ((region, why),) = [(failed.region, failed.why) for failed in found.failed_regions]
    assert region == "us-east-1"
    assert why == (refusal.why or refusal.what)


@pytest.mark.parametrize("refusal", [AccessDenied("no"), Unreachable("no"), AwsRefusal("bad")])
def test_schedules_that_cannot_be_read_are_unknown(
    pool: ThreadPoolExecutor, refusal: AwsRefusal
) -> None:
    """Instances are listed all the same, and none of them is said to have a backstop."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return refusal if key.startswith("scheduler:") else healthy(key, parameters, region)

    found = listed(Account(reply), pool)
    assert len(found.instances) == 3
    assert {row.backstop for row in found.instances} == {BackstopState.UNKNOWN}


@pytest.mark.parametrize("regions", [1, 3])
def test_when_no_region_answers_it_is_an_error(pool: ThreadPoolExecutor, regions: int) -> None:
    """Expired credentials are not an empty listing with excuses: the refusal itself is raised."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "ec2:DescribeInstances":
            return CredentialsRefused("the AWS credentials have expired")
        return healthy(key, parameters, region)

    with pytest.raises(CredentialsRefused):
        listed(Account(reply), pool, region=REGION if regions == 1 else None)


def test_without_the_regions_nothing_is_listed(pool: ThreadPoolExecutor) -> None:
    """Where the regions can't be learnt, an empty listing would be a lie."""

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        return AccessDenied("no", why="needs ec2:DescribeRegions")

    with pytest.raises(AccessDenied) as caught:
        listed(Account(reply), pool)
    assert caught.value.why == "needs ec2:DescribeRegions"


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(mine_only=True), {ID, OTHER_ID}),
        (Selection(tags=(("project", "ml"),)), {ID}),
        (Selection(tags=(("project", "ml"), ("Name", "db"))), set()),
        (Selection(states=("stopped",)), set()),
        (Selection(filter=parse_filter("owner = bob")), {"i-00000000000000001"}),
        (Selection(mine_only=True, filter=parse_filter("launch_time < now-150m")), {OTHER_ID}),
        (EVERYTHING, {ID, OTHER_ID, "i-00000000000000001"}),
    ],
)
def test_a_selection_narrows(
    pool: ThreadPoolExecutor, selection: Selection, expected: set[str]
) -> None:
    """States, tags, owner and filter each take away, and together take away more."""
    found = listed(Account(healthy), pool, selection=selection)
    assert {row.id for row in found.instances} == expected


def test_ec2_is_asked_for_what_is_wanted_only(pool: ThreadPoolExecutor) -> None:
    """Tag and states are filtered by EC2: other people's thousands don't travel."""
    account = Account(healthy)
    listed(account, pool, region=REGION, selection=Selection(states=("stopped", "running")))
    assert account.called("ec2:DescribeInstances") == [
        {
            "Filters": [
                {"Name": "tag-key", "Values": ["spawn"]},
                {"Name": "instance-state-name", "Values": ["stopped", "running"]},
            ]
        }
    ]


def test_states_are_read_with_commas_and_checked() -> None:
    """A state that EC2 has not is an error with those that it has; none means the living."""
    assert parse_states(["running,stopped", "terminated"]) == ("running", "stopped", "terminated")
    assert "terminated" not in parse_states([])
    with pytest.raises(InputError, match="runing") as caught:
        parse_states(["runing"])
    assert "running" in caught.value.why
