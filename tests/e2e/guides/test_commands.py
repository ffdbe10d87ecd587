"""The guides' other commands: listing and ending, and the account's own, by the `aws` program."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.boxes import client, launched
from tests.e2e.guides.account import SECURE_RULES, Desk, rules_of
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e


def test_the_restrictive_group_is_restrictive(desk: Desk) -> None:
    """Made with the guides' four commands, it lets SSH in from the caller and HTTPS out."""
    assert rules_of(desk, desk.things["group"]) == SECURE_RULES


def test_instances_launched_since_are_listed_and_ended(desk: Desk) -> None:
    """`--filter launch_time` finds what came after a moment, and `cancel` takes what it finds."""
    with launched(desk.spawn, desk.cloud) as box:
        launched_at = datetime.fromisoformat(box.document["instances"][0]["launched_at"])
        earlier = launched_at - timedelta(seconds=1)
        later = datetime.now(UTC) + timedelta(minutes=1)
        found = desk.spawn("list", "--filter", f"launch_time > {_written(earlier)}", "-o", "ids")
        assert found.code == 0, found.stderr
        assert box.id in found.stdout.split()
        none = desk.spawn("list", "--filter", f"launch_time > {_written(later)}")
        assert (none.code, none.stdout) == (0, "no instances\n")
        assert desk.spawn("cancel", box.id).code == 2  # nobody is there to be asked
        assert desk.spawn("cancel", box.id, "--yes").code == 0
        box.await_state("terminated")


def test_a_compromised_instance_is_isolated(desk: Desk) -> None:
    """The guide's steps, each by `aws`: an empty group, on the instance; a snapshot; tags."""
    with launched(desk.spawn, desk.cloud) as box:
        snapshot = desk.shell(
            f"""set -e
            GROUP=$(aws ec2 create-security-group --group-name isolation-{uuid.uuid4()} \
              --description 'Isolation group' --query GroupId --output text)
            aws ec2 revoke-security-group-egress --group-id "$GROUP" \
              --ip-permissions IpProtocol=-1,IpRanges='[{{CidrIp=0.0.0.0/0}}]' >/dev/null
            aws ec2 modify-instance-attribute --instance-id {box.id} --groups "$GROUP"
            SNAPSHOT=$(aws ec2 create-snapshot \
              --volume-id $(aws ec2 describe-instances --instance-ids {box.id} --query \
                'Reservations[0].Instances[0].BlockDeviceMappings[0].Ebs.VolumeId' --output text) \
              --description 'Forensic snapshot of {box.id}' --query SnapshotId --output text)
            aws ec2 create-tags --resources {box.id} "$SNAPSHOT" \
              --tags Key=incident-response,Value=true Key=isolated,Value=true
            echo "$SNAPSHOT"
            """
        )
        shown = box.described()
        (group,) = (each["GroupId"] for each in shown["SecurityGroups"])
        assert rules_of(desk, group) == []
        assert {"Key": "isolated", "Value": "true"} in shown["Tags"]
        kept = client(desk.cloud, "ec2").describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
        assert kept["VolumeId"] == shown["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        assert {"Key": "isolated", "Value": "true"} in kept["Tags"]


def test_files_go_to_a_bucket(desk: Desk) -> None:
    """`aws s3 cp` uploads, also under a customer key, and what comes back is the same."""
    bucket = f"files-{uuid.uuid4()}"
    desk.shell(f"aws s3 mb s3://{bucket}; echo text > file.txt")
    desk.shell(f"aws s3 cp file.txt s3://{bucket}/file.txt")
    assert desk.shell(f"aws s3 cp s3://{bucket}/file.txt -") == "text"
    desk.shell(
        f"aws s3 cp file.txt s3://{bucket}/ --sse aws:kms --sse-kms-key-id {desk.things['kms']}"
    )
    head = client(desk.cloud, "s3").head_object(Bucket=bucket, Key="file.txt")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert desk.things["kms"] in head["SSEKMSKeyId"]


def test_an_old_key_pair_is_deleted(desk: Desk) -> None:
    """`aws ec2 delete-key-pair` takes the old one away, and is content where there is none."""
    name = f"old-{uuid.uuid4()}"
    desk.shell(f"aws ec2 create-key-pair --key-name {name}")
    for _ in range(2):
        desk.shell(f"aws ec2 delete-key-pair --key-name {name}")
    kept = client(desk.cloud, "ec2").describe_key_pairs()["KeyPairs"]
    assert name not in [each["KeyName"] for each in kept]


def test_a_leaked_access_key_is_replaced(desk: Desk) -> None:
    """A user makes a new key and deactivates the leaked one, which is refused from then on."""
    user = f"spawn-user-{uuid.uuid4()}"
    iam = client(desk.cloud, "iam")
    iam.create_user(UserName=user)
    iam.put_user_policy(
        UserName=user,
        PolicyName="own-keys",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":'
        ' ["iam:CreateAccessKey", "iam:UpdateAccessKey"], "Resource":'
        ' "arn:aws:iam::123456789012:user/*"}]}',
    )
    leaked = iam.create_access_key(UserName=user)["AccessKey"]
    as_leaked = _as(desk.aws, leaked["AccessKeyId"], leaked["SecretAccessKey"])
    made = as_leaked("iam", "create-access-key", "--user-name", user, "--output", "json")
    assert made.code == 0, made.stderr
    new = made.document()["AccessKey"]
    as_new = _as(desk.aws, new["AccessKeyId"], new["SecretAccessKey"])
    words = ("--access-key-id", leaked["AccessKeyId"], "--status", "Inactive")
    done = as_new("iam", "update-access-key", *words)
    assert done.code == 0, done.stderr
    assert as_new("sts", "get-caller-identity").code == 0
    refused = as_leaked("sts", "get-caller-identity")
    assert refused.code != 0
    assert "InvalidClientTokenId" in refused.stderr


def _as(aws: Program, access_key_id: str, secret: str) -> Program:
    keys = {"AWS_ACCESS_KEY_ID": access_key_id, "AWS_SECRET_ACCESS_KEY": secret}
    return Program(path=aws.path, environment={**aws.environment, **keys}, directory=aws.directory)


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S")
