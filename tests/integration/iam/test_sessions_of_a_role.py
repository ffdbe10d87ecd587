"""Under which names a role was used: sessions that began lately, and instances that still run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spawn.audit.delivered import Window
from spawn.audit.sessions import sessions_of
from spawn.aws.door import ReadingDoor
from spawn.aws.questions import Asker
from tests.integration.launch.account import ACCOUNT, REGION
from tests.integration.local.conftest import ADMIN_TRUST, Account, account, control_plane
from tests.tools.sessions import session_at

__all__ = ["account", "control_plane"]

EC2_TRUST = {"Principal": {"Service": "ec2.amazonaws.com"}}


def _seen(
    account: Account, home: Path, role: str, since: datetime, *, keys: tuple[str, str] | None = None
) -> tuple[list[str], list[str]]:
    """The sessions of a role from a point in time on, and what is noted of them."""
    keys = keys or (account.admin.access_key_id, account.admin.secret)
    config = home / "config"
    session = session_at(account.cloud.endpoint_url, config, region=REGION, keys=keys)
    until = since + timedelta(hours=1)
    window = Window(role_arn=role, account=ACCOUNT, region=REGION, since=since, until=until)
    notes: list[str] = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        return sessions_of(Asker(ReadingDoor(session), pool), [window], notes), notes


def _running(account: Account, role: str) -> str:
    """An instance with a profile of this role, which is in no other."""
    iam = account.client("iam")
    iam.create_instance_profile(InstanceProfileName=f"{role}-profile")
    iam.add_role_to_instance_profile(InstanceProfileName=f"{role}-profile", RoleName=role)
    launched = account.launch(IamInstanceProfile={"Name": f"{role}-profile"})
    return str(launched["InstanceId"])


def test_an_instance_is_found_however_long_it_runs(account: Account, home: Path) -> None:
    """Its session began before the time that is asked about; another role's instance is not seen.

    In the time of its beginning it is found by that, and told once.
    """
    role = account.role("worker", trusts=EC2_TRUST, allows=[])
    account.role("other", trusts=EC2_TRUST, allows=[])
    mine = _running(account, "worker")
    _running(account, "other")
    now = datetime.now(UTC)
    assert _seen(account, home, role, now + timedelta(hours=1)) == ([mine], [])
    assert _seen(account, home, role, now - timedelta(minutes=30)) == ([mine], [])
    account.client("ec2").terminate_instances(InstanceIds=[mine])
    assert _seen(account, home, role, now + timedelta(hours=1)) == ([], [])


def test_without_the_permission_it_is_said(account: Account, home: Path) -> None:
    """Sessions of the history are found all the same, and what is missing is noted."""
    role = account.role("worker", trusts=ADMIN_TRUST, allows=[])
    account.assume(role)
    iam = account.client("iam")
    iam.create_user(UserName="ana")
    policy = (
        '{"Version": "2012-10-17", "Statement":'
        ' {"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"}}'
    )
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    keys = (key["AccessKeyId"], key["SecretAccessKey"])
    since = datetime.now(UTC) - timedelta(minutes=30)
    names, [note] = _seen(account, home, role, since, keys=keys)
    assert names == ["session"]
    assert "iam:ListInstanceProfilesForRole" in note
