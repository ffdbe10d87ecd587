"""A role may do what its template says, to what its scope names, and nothing beside it."""

import re
import uuid
from pathlib import Path

import pytest

from tests.e2e.boxes import client
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e


@pytest.fixture
def buckets(cloud: Cloud) -> tuple[str, str]:
    """Two buckets with a file in each."""
    s3 = client(cloud, "s3")
    names = (f"mine-{uuid.uuid4()}", f"neighbour-{uuid.uuid4()}")
    for name in names:
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="data/file.txt", Body=b"content")
    return names


def test_a_scoped_template_reads_its_bucket_alone(launch: Launch, buckets: tuple[str, str]) -> None:
    """`aws s3` lists and reads the named bucket; writing, and the neighbour, are denied."""
    mine, neighbour = buckets
    box = launch("--iam-policy", f"s3:ReadOnly@{mine}")
    assert box.sh(f"aws s3 cp s3://{mine}/data/file.txt -") == "content"
    assert "file.txt" in box.sh(f"aws s3 ls s3://{mine}/data/")
    denied = box.run("aws", "s3", "cp", f"s3://{neighbour}/data/file.txt", "-")
    assert denied.code != 0
    assert "403" in denied.stderr or "AccessDenied" in denied.stderr
    # HeadObject, which `cp` begins with, has no body that could say more; GetObject does.
    for verb, arguments in (("get-object", ("copy",)), ("put-object", ())):
        where = neighbour if verb == "get-object" else mine
        refused = box.run(
            "aws", "s3api", verb, "--bucket", where, "--key", "data/file.txt", *arguments
        )
        action = "s3:GetObject" if verb == "get-object" else "s3:PutObject"
        assert refused.code != 0
        assert "AccessDenied" in refused.stderr
        assert action in refused.stderr
        assert f"arn:aws:s3:::{where}/data/file.txt" in refused.stderr


def test_an_instance_without_a_role_has_no_credentials(launch: Launch) -> None:
    """Nothing is granted that was not asked for: no role, no credentials on the instance."""
    denied = launch().run("aws", "sts", "get-caller-identity")
    assert denied.code != 0
    assert "Unable to locate credentials" in denied.stderr


def test_a_secret_is_read_where_it_is_used(launch: Launch, cloud: Cloud) -> None:
    """User-data that names a secret reads it on the instance, and shows it nowhere else."""
    canary = f"canary-{uuid.uuid4()}"
    secrets = client(cloud, "secretsmanager")
    name = f"app-{uuid.uuid4()}/key"
    secrets.create_secret(Name=name, SecretString=canary)
    script = (
        f"KEY=$(aws secretsmanager get-secret-value --secret-id {name}"
        " --query SecretString --output text)\n"
        'umask 077; printf %s "$KEY" > /root/key\n'
    )
    box = launch("--iam-policy", f"secretsmanager:ReadOnly@{name}", "--user-data", script)
    box.await_console("finished at")
    assert box.sh("sudo cat /root/key") == canary
    assert canary not in box.console()
    described = client(cloud, "ec2").describe_instance_attribute(
        InstanceId=box.id, Attribute="userData"
    )
    assert canary not in str(described)


def test_a_policy_file_is_what_the_role_may(
    launch: Launch, buckets: tuple[str, str], home: Path
) -> None:
    """A policy of one's own becomes the role's, action for action."""
    mine, _ = buckets
    policy = home / "policy.json"
    policy.write_text(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject",'
        f' "Resource": "arn:aws:s3:::{mine}/results/*"}}]}}'
    )
    box = launch("--iam-policy-file", str(policy))
    box.sh(f"echo result | aws s3 cp - s3://{mine}/results/a")
    refused = box.run("aws", "s3api", "get-object", "--bucket", mine, "--key", "results/a", "a")
    assert re.search(r"AccessDenied.* s3:GetObject", refused.stderr)
