"""`spawn doctor` on accounts of several kinds: what it says, and that it changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.launch.account import Account
from tests.tools.programs import Finished, Program

LOOK_AT_EC2 = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_SCHEDULES = {"Effect": "Deny", "Action": "scheduler:CreateSchedule", "Resource": "*"}


def rows_of(finished: Finished) -> dict[str, Any]:
    """Return the rows by their checks."""
    return {row["check"]: row for row in finished.document()["rows"]}


def verdicts(finished: Finished) -> dict[str, str]:
    """Return what came of each check."""
    return {check: row["verdict"] for check, row in rows_of(finished).items()}


def document(*statements: dict[str, Any]) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def user_with(account: Account, *statements: dict[str, Any]) -> dict[str, Any]:
    """Make a user who may do that; return their keys as the environment has them."""
    iam = account.client("iam")
    iam.create_user(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def session_with(account: Account, *statements: dict[str, Any]) -> dict[str, Any]:
    """Make a role on a path that may do that; return a session's keys."""
    iam = account.client("iam")
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    }
    role = iam.create_role(
        RoleName="launcher", Path="/people/", AssumeRolePolicyDocument=document(trust)
    )["Role"]
    iam.put_role_policy(RoleName="launcher", PolicyName="p", PolicyDocument=document(*statements))
    sts = account.client("sts")
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="alice")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def test_a_fresh_account_lacks_nothing_and_stays_as_it_is(spawn: Program, account: Account) -> None:
    """An administrator may launch at once, and the doctor has made nothing in finding that out."""
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    finished = spawn("doctor", "-o", "json")
    assert finished.code == 0, finished.stdout
    found = verdicts(finished)
    assert set(found.values()) <= {"ok", "warn"}
    warned = {check for check, verdict in found.items() if verdict == "warn"}
    assert warned - {"session-plugin"} == {"boundary", "endpoint"}
    assert "AWS_ACCESS_KEY_ID" in rows_of(finished)["credentials"]["found"]
    assert rows_of(finished)["clock"]["found"] == "agrees with AWS's"
    assert account.client("ec2").describe_security_groups()["SecurityGroups"] == groups
    assert account.billable() == []
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("iam").list_roles(PathPrefix="/spawn/")["Roles"] == []
    assert not (spawn.directory / ".local" / "state" / "spawn").exists()


def test_somebody_without_rights_is_told_which(spawn: Program, account: Account) -> None:
    """What AWS denies is named; what could not be looked at is unknown, with the denied call."""
    finished = spawn("doctor", "-o", "json", **user_with(account, LOOK_AT_EC2))
    assert finished.code == 1
    rows, found = rows_of(finished), verdicts(finished)
    assert found["may-launch"] == "missing"
    assert "ec2:RunInstances" in rows["may-launch"]["found"]
    assert rows["may-launch"]["command"] == "spawn permissions launch"
    assert "iam:GetPolicy" in rows["may-look"]["found"]
    assert found["may-end"] == "unknown"
    assert "iam:SimulatePrincipalPolicy" in rows["may-end"]["found"]
    assert (found["boundary"], rows["boundary"]["found"]) == ("unknown", "AWS denied iam:GetPolicy")
    assert found["quota"] == found["table"] == "unknown"
    assert found["subnet"] == "ok"


def test_a_session_is_judged_by_its_role(spawn: Program, account: Account) -> None:
    """The simulator is asked about the role behind a session, whatever path it lies on."""
    keys = session_with(account, EVERYTHING, NO_SCHEDULES)
    finished = spawn("doctor", "-o", "json", **keys)
    assert finished.code == 1
    rows = rows_of(finished)
    assert "a session" in rows["credentials"]["found"]
    assert rows["may-end"]["found"] == "you lack scheduler:CreateSchedule"
    assert {check for check, row in rows.items() if row["verdict"] == "missing"} == {"may-end"}


def test_without_credentials_the_rest_is_still_told(bare_spawn: Program) -> None:
    """A fresh machine learns what it lacks itself, and that AWS was not asked."""
    finished = bare_spawn("doctor", "-o", "json", AWS_REGION="us-east-1")
    assert finished.code == 4
    found = verdicts(finished)
    assert found["credentials"] == "missing"
    assert rows_of(finished)["credentials"]["command"] == "aws configure"
    assert (found["ssh"], found["settings"], found["state"]) == ("ok", "ok", "ok")
    assert found["may-launch"] == found["subnet"] == found["quota"] == "unknown"


def test_credentials_that_aws_refuses_are_told_apart(spawn: Program) -> None:
    """Keys that are nobody's are there, and are not taken: the exit code says it was that."""
    finished = spawn("doctor", AWS_SECRET_ACCESS_KEY="wrong")
    assert finished.code == 4
    assert "MISSING  from the environment (AWS_ACCESS_KEY_ID): the AWS credentials" in (
        finished.stdout
    )
    assert "aws sts get-caller-identity" in finished.stdout


def test_an_account_without_a_default_vpc_is_told_how_to_get_one(
    spawn: Program, account: Account
) -> None:
    """What a launch would stop at is a row, with the command that mends it."""
    ec2 = account.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for gateway in ec2.describe_internet_gateways()["InternetGateways"]:
        ids = {"InternetGatewayId": gateway["InternetGatewayId"]}
        ec2.detach_internet_gateway(VpcId=vpc["VpcId"], **ids)
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    finished = spawn("doctor", "-o", "json")
    assert finished.code == 1
    row = rows_of(finished)["subnet"]
    assert row["verdict"] == "missing"
    assert row["command"] == "aws ec2 create-default-vpc --region us-east-1"
    assert verdicts(finished)["may-launch"] == "unknown"


def test_a_region_that_does_not_exist_is_the_first_thing_to_mend(spawn: Program) -> None:
    """Nothing is asked of a region that is none, and the row says who named it."""
    finished = spawn("doctor", "-o", "json", "--region", "us-eest-1")
    assert finished.code == 1
    rows, found = rows_of(finished), verdicts(finished)
    assert rows["region"]["found"] == "there is no region us-eest-1, which --region names"
    assert (found["caller"], found["subnet"]) == ("ok", "unknown")
    assert rows["subnet"]["found"] == "not asked: there is no region us-eest-1"


def test_without_a_region_one_learns_who_one_is(spawn: Program) -> None:
    """A region is one of the things that may be missing, not one that the doctor stops at."""
    finished = spawn("doctor", "-o", "json", AWS_REGION="", AWS_DEFAULT_REGION="")
    assert finished.code == 1, finished.stderr
    found = verdicts(finished)
    assert (found["region"], found["caller"]) == ("missing", "ok")


def test_settings_that_others_may_write_stop_everything(spawn: Program, home: Path) -> None:
    """They say which account is meant: until they can be trusted AWS is not asked."""
    settings = home / "spawn.toml"
    settings.write_text('region = "eu-west-1"\n')
    settings.chmod(0o666)
    finished = spawn("doctor", "-o", "json")
    assert finished.code == 1
    rows = rows_of(finished)
    assert rows["settings"]["verdict"] == "missing"
    assert rows["settings"]["command"] == "chmod go-w spawn.toml"
    assert rows["credentials"]["verdict"] == rows["caller"]["verdict"] == "unknown"


def test_a_rehearsal_can_not_become_a_launch(account: Account) -> None:
    """The door puts the dry run in itself, over whatever it was given."""
    variables = account.cloud.access.variables
    program = (
        "from spawn.aws import ec2\n"
        "from spawn.aws.door import ReadingDoor\n"
        "from spawn.aws.session import Session\n"
        "door = ReadingDoor(Session(profile=None, region='us-east-1'))\n"
        "asked = {'GroupName': 'g', 'Description': 'd', 'DryRun': False}\n"
        "door.rehearse(ec2.CREATE_SECURITY_GROUP, asked, region='us-east-1')\n"
    )
    subprocess.run([sys.executable, "-c", program], env=variables, check=True, timeout=60)
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    assert "g" not in {group["GroupName"] for group in groups}
