"""What can't be launched is said clearly, and nothing is made."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.launch.account import Account
from tests.tools.programs import Finished, Program
from tests.tools.proxy import Proxy

USAGE, REFUSED, DENIED, NOT_FOUND, FAILED = 2, 3, 4, 5, 1
ABSENT_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
# IAM and STS quotas: 10,240 characters of inline policies in a role.
LONG_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": [f"arn:aws:s3:::bucket-{number}/*" for number in range(500)],
            }
        ],
    }
)


@dataclass(frozen=True)
class Bad:
    """Words of `spawn launch`, the exit code, and what the error must say: what is wrong, why."""

    words: tuple[str, ...]
    code: int
    says: tuple[str, ...]

    def __str__(self) -> str:
        """Return the case's name."""
        return " ".join(self.words)[:60]


def bad(*words: str, code: int = USAGE, says: tuple[str, ...]) -> Bad:
    """Return a case; the flag that it is about must be named in any event."""
    return Bad(words, code, says)


CASES = (
    bad("--ttl", "0", says=("--ttl '0'", "1d12h")),
    bad("--ttl", "-1h", says=("--ttl '-1h'", "1d12h")),
    bad("--ttl", "tomorrow", says=("--ttl 'tomorrow'", "1d12h")),
    bad("--ttl", "400d", code=REFUSED, says=("END-WITHIN-30-DAYS", "--ttl 30d")),
    bad("--security", "strict", says=("--security strict needs --ttl", "30m")),
    bad("--iam-policy", "s3:ReadOnyl", says=("--iam-policy", "s3:ReadOnly")),
    bad("--iam-policy", "s4:ReadOnly", says=("--iam-policy", "s3:ReadOnly")),
    bad("--iam-policy", "s3:ReadOnly@", says=("--iam-policy",)),
    bad("--subnet", "subnet-0123456789abcdef0", code=NOT_FOUND, says=("--subnet",)),
    bad("--subnet", "my-subnet", code=NOT_FOUND, says=("--subnet",)),
    bad("--vpc", "vpc-0123456789abcdef0", code=NOT_FOUND, says=("--vpc",)),
    bad("--az", "us-east-1z", says=("--az", "us-east-1a")),
    bad("--security-groups", "sg-0123456789abcdef0", code=NOT_FOUND, says=("--security-groups",)),
    bad("--security-groups", "web", says=("--security-groups 'web'", "sg-")),
    bad("--ssh-from", "everywhere", says=("--ssh-from 'everywhere'", "203.0.113.10/32")),
    bad("--ssh-from", "0.0.0.0/0", code=REFUSED, says=("NET-SSH-WORLD", "--ssh-from CIDR")),
    bad("--key-pair", "no-such-key", code=NOT_FOUND, says=("no-such-key", "describe-key-pairs")),
    bad("--kms-key-id", ABSENT_KEY, code=NOT_FOUND, says=("--kms-key-id", "list-aliases")),
    bad("--kms-key-id", "alias/none", code=NOT_FOUND, says=("--kms-key-id", "list-aliases")),
    bad("--tags", "cost center=7", says=("--tags 'cost center'", "InstanceMetadataTags=disabled")),
    bad("--tags", "spawn:expires-at=2030-01-01", says=("--tags 'spawn:expires-at'", "reserved")),
    bad("--tags", "project", says=("--tags 'project'", "key=value")),
    bad("--metadata-options", "HttpToken=required", says=("'HttpToken'", "HttpTokens")),
    bad("--metadata-options", "HttpTokens=on", says=("--metadata-options", "required or optional")),
    bad("--ami", "ami-0123456789abcdef0", code=NOT_FOUND, says=("--ami", "leave --ami out")),
    bad("--ami", "ubuntu", says=("--ami 'ubuntu'", "ami-")),
    bad("--instance-type", "t3.gigantic", code=NOT_FOUND, says=("--instance-type t3.gigantic",)),
    bad("--private-ip", "8.8.8.8", says=("--private-ip 8.8.8.8",)),
    bad("--volume-size", "1", says=("--volume-size 1", "8 GiB")),
    bad("--volume-type", "gp9", says=("--volume-type 'gp9'", "gp3")),
    bad("--iam-role", "no-such-role", code=NOT_FOUND, says=("--iam-role", "no-such-role")),
    bad("--iam-managed-policies", "Nope", code=NOT_FOUND, says=("--iam-managed-policies", "Nope")),
    bad(
        "--permissions-boundary",
        "none",
        "--iam-policy",
        "s3:ReadOnly",
        code=NOT_FOUND,
        says=("--permissions-boundary", "list-policies"),
    ),
    bad("--user-data", "@/no/such/file", code=NOT_FOUND, says=("--user-data /no/such/file",)),
    bad("--allow", "NET-SSH-WORD", "--reason", "x", says=("--allow", "NET-SSH-WORLD")),
    *(
        bad(
            *words,
            "--metadata-options",
            "HttpEndpoint=disabled",
            says=(f"{words[0]}", "HttpEndpoint=disabled exclude each other"),
        )
        for words in (
            ("--user-data", "echo"),
            ("--key-pair", "k"),
            ("--iam-policy", "s3:ReadOnly"),
            ("--iam-role", "r"),
        )
    ),
)


@contextmanager
def nothing_made(proxy: Proxy) -> Iterator[None]:
    """Fail if AWS was asked to change anything."""
    proxy.forget()
    yield
    assert [record.call.key for record in proxy.records if not record.call.is_read] == []


# Only cloud-init itself can read it, so it can't be fetched from a bucket.
CONFIG = b"#cloud-config\n# "


def assert_clear(finished: Finished, code: int, says: tuple[str, ...]) -> None:
    """Fail for an error that does not say it, or says it where a program would read it."""
    assert finished.code == code, finished.stderr
    for words in says:
        assert words in finished.stderr
    assert "Traceback" not in finished.stderr
    assert "defect" not in finished.stderr
    assert finished.stdout == ""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_words_are_refused(case: Bad, spawn: Program, proxy: Proxy) -> None:
    """The error names the flag and what to write instead; stdout stays empty; nothing is made."""
    with nothing_made(proxy):
        finished = spawn("launch", *case.words, "-o", "json")
    assert_clear(finished, case.code, case.says)


def test_bad_files_are_refused(spawn: Program, proxy: Proxy, tmp_path: Path) -> None:
    """Malformed and overlong policies, and user-data over EC2's limit, are named by their flag."""
    noise = random.Random(1).randbytes(16_400)
    cases: tuple[tuple[str, bytes, tuple[str, ...]], ...] = (
        ("--iam-policy-file", b'{"Statement": [', ("--iam-policy-file",)),
        ("--iam-policy-file", b'{"Version":"2012-10-17","Statment":[]}', ("Statement",)),
        ("--iam-policy-file", b'"s3:*"', ("--iam-policy-file",)),
        ("--iam-policy-file", LONG_POLICY.encode(), ("--iam-policy-file", "10240")),
        ("--user-data-file", noise, ("--user-data is no text",)),
        ("--user-data-file", CONFIG + noise.hex().encode(), ("--user-data", "16384", "bucket")),
    )
    for flag, content, says in cases:
        file = tmp_path / "file"
        file.write_bytes(content)
        with nothing_made(proxy):
            finished = spawn("launch", flag, str(file), "-o", "json")
        assert_clear(finished, USAGE, says)


def test_a_disabled_key_is_refused(account: Account, spawn: Program, proxy: Proxy) -> None:
    """EC2 would end such an instance without a word; it is said before, with a way out."""
    kms = account.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key_id)
    with nothing_made(proxy):
        finished = spawn("launch", "--kms-key-id", key_id, "-o", "json")
    assert_clear(finished, FAILED, ("--kms-key-id", "Disabled", "aws kms enable-key"))


def test_places_that_do_not_belong_together_are_refused(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """A subnet outside of the VPC, and a group of another VPC, are named with where they are."""
    ec2 = account.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="theirs", Description="d", VpcId=other)["GroupId"]
    default = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])
    for words, flag in (
        (("--vpc", default, "--subnet", subnet), "--subnet"),
        (("--security-groups", group), "--security-groups"),
    ):
        with nothing_made(proxy):
            finished = spawn("launch", *words, "-o", "json")
        assert_clear(finished, USAGE, (flag, other))


def test_an_account_without_a_default_vpc_is_told_so(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """The error says how to get one, and how to do without."""
    remove_default_vpc(account.client("ec2"))
    with nothing_made(proxy):
        finished = spawn("launch", "-o", "json")
    assert_clear(finished, FAILED, ("default VPC", "--vpc", "create-default-vpc"))


def remove_default_vpc(ec2: Any) -> None:
    """Remove the default VPC with all that is in it."""
    vpc_id = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])
    within = [{"Name": "vpc-id", "Values": [vpc_id]}]
    for subnet in ec2.describe_subnets(Filters=within)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
    for gateway in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc_id)
    ec2.delete_vpc(VpcId=vpc_id)


def none_at_all() -> dict[str, str]:
    """Return an environment without credentials."""
    return {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


def unknown() -> dict[str, str]:
    """Return credentials that AWS has never given out."""
    return {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7NOTREAL"}


@pytest.mark.parametrize("credentials", [none_at_all, unknown])
@pytest.mark.parametrize("command", [("launch", "-o", "json"), ("list",), ("cancel", "x", "--yes")])
def test_credentials_that_do_not_work_are_told(
    credentials: Callable[[], dict[str, str]],
    command: tuple[str, ...],
    *,
    spawn: Program,
    proxy: Proxy,
) -> None:
    """Without valid credentials nothing is asked twice, and the error says what to look at."""
    with nothing_made(proxy):
        finished = replace(spawn, environment={**spawn.environment, **credentials()})(*command)
    assert_clear(finished, DENIED, ("credentials", "try: aws "))


def test_expired_credentials_are_told(account: Account, spawn: Program, proxy: Proxy) -> None:
    """The error says that their time is over, in AWS's own words and in ours."""
    words = "The security token included in the request is expired"
    error = {"operation": "sts:GetCallerIdentity", "code": "ExpiredToken", "message": words}
    account.set_switches(errors=[{**error, "status": 403, "times": 9}])
    with nothing_made(proxy):
        finished = spawn("launch", "-o", "json")
    assert_clear(finished, DENIED, ("have expired", words, "aws sts get-caller-identity"))


def test_an_endpoint_that_does_not_answer_is_named(account: Account, spawn: Program) -> None:
    """Nobody listens there: the error names the address, and comes within seconds."""
    nowhere = "http://127.0.0.1:9"
    finished = spawn("launch", "-o", "json", AWS_ENDPOINT_URL=nowhere, timeout_seconds=45)
    assert_clear(finished, FAILED, (nowhere, "AWS_ENDPOINT_URL"))
    assert account.billable() == []


def test_no_region_is_told(spawn: Program, proxy: Proxy) -> None:
    """Where none is set anywhere, the error says which word sets it."""
    with nothing_made(proxy):
        finished = spawn("launch", AWS_REGION="", AWS_DEFAULT_REGION="")
    assert_clear(finished, USAGE, ("no region is set", "--region"))
