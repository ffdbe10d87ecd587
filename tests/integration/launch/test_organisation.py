"""An organisation's defaults, put into the account as its administrator does, and their floor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.launch.account import Account
from tests.tools.programs import PROGRAMS, Program
from tests.tools.proxy import Proxy

PARAMETER = "/spawn/defaults"
DENIED_READER = "reader"
FAILED, REFUSED = 1, 3
DRY = ("launch", "--dry-run", "-o", "json")
API = """\
import sys
from datetime import timedelta
import spawn
from spawn.core.errors import RefusedByControl
try:
    box = spawn.launch(ttl=timedelta(minutes=int(sys.argv[1])))
except RefusedByControl as error:
    print(*error.controls, error.why)
else:
    print(box.expires_at.isoformat())
    box.cancel()
"""

Defaults = Callable[[str], None]


@pytest.fixture
def defaults(account: Account) -> Defaults:
    """Make this text the organisation's defaults, past the proxy."""
    ssm = account.client("ssm")

    def put(text: str) -> None:
        ssm.put_parameter(Name=PARAMETER, Type="String", Value=text, Overwrite=True)

    return put


def planned(spawn: Program, *words: str) -> dict[str, Any]:
    """Return the plan of a dry run."""
    done = spawn(*DRY, *words)
    assert done.code == 0, done.stderr
    return dict(done.document())


def looks(proxy: Proxy) -> int:
    """Count how often the whole account was looked at."""
    seen = sum(one.call.key == "ec2:DescribeSubnets" for one in proxy.records)
    proxy.forget()
    return seen


def wrote(proxy: Proxy) -> bool:
    """Say whether anything was asked that is no mere look."""
    return any(not one.call.is_read for one in proxy.records)


def test_a_change_is_noticed_at_once(defaults: Defaults, spawn: Program, proxy: Proxy) -> None:
    """Each launch has the defaults of now; only where they have changed all is asked again."""
    aws = replace(spawn, path=PROGRAMS / "aws")
    parameter = (
        "--name",
        PARAMETER,
        "--type",
        "String",
        "--value",
        'ttl = "30m"\nvolume-size = 20',
    )
    put = aws("ssm", "put-parameter", *parameter)
    assert put.code == 0, put.stderr
    for times in (2, 1):
        spec = planned(spawn)["spec"]
        assert (spec["ttl"], spec["volume_size_gib"]) == ("PT1800S", 20)
        assert looks(proxy) == times
    assert planned(spawn, "--volume-size", "30")["spec"]["volume_size_gib"] == 30
    proxy.forget()
    defaults('ttl = "20m"')
    spec = planned(spawn)["spec"]
    assert (spec["ttl"], spec["volume_size_gib"]) == ("PT1200S", None)
    assert looks(proxy) == 2


def test_the_floor_is_held(
    defaults: Defaults, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Every breach is named at once, with its flag and what is demanded, and nothing is made."""
    defaults('ttl = "30m"\nencrypt-volumes = true\nsecurity = "standard"')
    refused = spawn("launch", "--ttl", "2h", "--no-encrypt-volumes", "--security", "open")
    assert refused.code == REFUSED, refused.stderr
    assert PARAMETER in refused.stderr
    for breach in (
        "--ttl: it demands ttl 30m at most",
        "--encrypt-volumes: it demands encrypt-volumes = true",
        "--security: it demands security standard at least",
    ):
        assert breach in refused.stderr
    assert not wrote(proxy)
    assert account.billable() == []


def test_a_floor_that_was_lifted_refuses_nothing(defaults: Defaults, spawn: Program) -> None:
    """What a launch remembers of a stricter time is not held against what is allowed by now."""
    defaults('ttl = "30m"')
    assert planned(spawn)["spec"]["ttl"] == "PT1800S"
    assert spawn(*DRY, "--ttl", "2h").code == REFUSED
    defaults('ttl = "4h"')
    assert planned(spawn, "--ttl", "2h")["spec"]["ttl"] == "PT7200S"


@pytest.mark.parametrize("text", ["ttl = ", 'tll = "30m"'])
def test_defaults_that_mean_nothing_stop_launches(
    text: str, defaults: Defaults, spawn: Program, proxy: Proxy
) -> None:
    """Nothing is launched by guessing at what an organisation demands; the parameter is named."""
    defaults(text)
    stopped = spawn("launch")
    assert stopped.code == FAILED, stopped.stderr
    assert PARAMETER in stopped.stderr
    assert f"try: aws ssm get-parameter --name {PARAMETER}" in stopped.stderr
    assert not wrote(proxy)


def test_who_may_not_look_launches_and_is_told(
    defaults: Defaults, account: Account, spawn: Program
) -> None:
    """Most people may not read parameters: the launch says that it could not look, and works."""
    defaults('ttl = "30m"')
    denied = replace(spawn, environment={**spawn.environment, **_keys_of_reader(account)})
    launched = denied("launch", "--ttl", "1h")
    assert launched.code == 0, launched.stderr
    assert "ssm:GetParameter denied" in launched.stdout
    assert len(account.billable()) == 1


def _keys_of_reader(account: Account) -> dict[str, str]:
    """Return the environment of somebody who may do anything but read that parameter."""
    iam = account.client("iam")
    resource = f"arn:aws:ssm:*:*:parameter{PARAMETER}"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "ssm:GetParameter", "Resource": resource},
        ],
    }
    iam.create_user(UserName=DENIED_READER)
    iam.put_user_policy(UserName=DENIED_READER, PolicyName="p", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=DENIED_READER)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def test_plans_and_programs_are_held_to_it(
    defaults: Defaults, account: Account, spawn: Program, proxy: Proxy, *, tmp_path: Path
) -> None:
    """A plan that was saved before, and spawn.launch() in Python, don't go below it either."""
    saved = tmp_path / "plan.json"
    saved.write_text(json.dumps(planned(spawn, "--ttl", "2h")))
    defaults('ttl = "1h"')
    refused = spawn("apply", str(saved))
    assert refused.code == REFUSED, refused.stderr
    assert "the saved plan" in refused.stderr
    program = replace(spawn, path=PROGRAMS / "python")
    assert "ORG-FLOOR" in program("-c", API, "120").stdout
    assert not wrote(proxy)
    allowed = program("-c", API, "30")
    assert allowed.code == 0, allowed.stderr
    assert allowed.stdout.startswith("20")
    assert account.billable() == []
