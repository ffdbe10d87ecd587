"""Keys in an account where others have some too, where calls fail, and processes are killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from spawn.aws.door import WritingDoor
from spawn.aws.perform import Performer
from spawn.cli.wiring import SystemClock
from spawn.connect.kept_keys import HeldKey, held_keys, note_use, use_for_launches
from spawn.connect.programs import LocalPrograms
from spawn.lifecycle.keys.create import KeyWork
from spawn.lifecycle.keys.facts import read_key_facts
from spawn.lifecycle.keys.rotate import plan_rotation, rotate
from tests.integration.launch.account import REGION, Account
from tests.integration.launch.victim import Victim
from tests.tools.faults import Effect, Fault, Moment
from tests.tools.programs import Program
from tests.tools.proxy import Proxy
from tests.tools.sessions import session_at

REFUSED, DENIED, PARTLY, KILLED = 3, 4, 6, -9
ROTATE = ("key", "rotate", "--yes", "-o", "json")
PRUNE = ("key", "prune", "--yes")


@pytest.fixture
def state(home: Path) -> Path:
    """Where the person's keys are."""
    return home / ".local/state/spawn"


def launched(spawn: Program) -> str:
    """Launch an instance; its id."""
    done = spawn("launch", "-o", "ids")
    assert done.code == 0, done.stderr
    return done.stdout.strip()


def instance_with(account: Account, key_name: str, region: str = "us-east-1") -> str:
    """Launch an instance with a key pair as another program would; its id."""
    ec2 = account.client("ec2", region)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ran = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, KeyName=key_name)
    return str(ran["Instances"][0]["InstanceId"])


def pairs(account: Account, region: str = "us-east-1") -> dict[str, dict[str, Any]]:
    """Return a region's key pairs by name."""
    found = account.client("ec2", region).describe_key_pairs()["KeyPairs"]
    return {pair["KeyName"]: pair for pair in found}


def key_names(account: Account) -> dict[str, str]:
    """Return the key pair that each living instance was launched with."""
    shown = account.client("ec2").describe_instances()
    return {
        one["InstanceId"]: one["KeyName"]
        for reservation in shown["Reservations"]
        for one in reservation["Instances"]
        if one["State"]["Name"] not in {"shutting-down", "terminated"}
    }


def rotated(spawn: Program, state: Path) -> tuple[HeldKey, HeldKey]:
    """Make a key and rotate it; the one of new launches, and the former one."""
    assert spawn("key", "create").code == 0
    assert spawn(*ROTATE).code == 0
    current, former = held_keys(state)
    return current, former


def test_a_key_is_created_once(account: Account, spawn: Program, state: Path) -> None:
    """The first call makes and imports it, the second finds both; another region is imported to."""
    first = spawn("key", "create", "-o", "json").document()
    again = spawn("key", "create", "-o", "json").document()
    elsewhere = spawn("key", "create", "--region", "eu-west-1", "-o", "json").document()
    done = [(one["made"], one["imported"]) for one in (first, again, elsewhere)]
    assert done == [(True, True), (False, False), (False, True)]
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", first["private_key"]],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    assert first["fingerprint"] in shown.stdout
    tags = {tag["Key"]: tag["Value"] for tag in pairs(account)[first["name"]]["Tags"]}
    assert {**tags, "spawn:created-at": ""} == {
        "spawn": "true",
        "owner": "admin",
        "spawn:created-at": "",
    }
    assert (state / "keys/spawn-ed25519").stat().st_mode & 0o777 == 0o600


def test_another_key_under_its_name_is_refused(account: Account, spawn: Program) -> None:
    """Whoever may import keys can't have themselves let in: create refuses, list says where."""
    made = spawn("key", "create", "-o", "json").document()
    foreign = account.client("ec2").create_key_pair(KeyName="theirs", KeyType="ed25519")
    west = account.client("ec2", "eu-west-1")
    public = account.client("ec2").describe_key_pairs(
        KeyPairIds=[foreign["KeyPairId"]], IncludePublicKey=True
    )["KeyPairs"][0]["PublicKey"]
    west.import_key_pair(KeyName=made["name"], PublicKeyMaterial=public.encode())
    refused = spawn("key", "create", "--region", "eu-west-1")
    assert refused.code == REFUSED
    assert "is not your key" in refused.stderr
    (row,) = spawn("key", "list", "-o", "json").document()["keys"]
    assert [one["advice"] for one in row["findings"]] == ["distrust"]
    assert "eu-west-1" in row["findings"][0]["why"]


def test_stopped_instances_keep_a_key(account: Account, spawn: Program, state: Path) -> None:
    """One that is stopped may be started and logged in to: prune refuses, naming it."""
    _, former = rotated(spawn, state)
    instance_id = instance_with(account, former.key.pair_name)
    account.client("ec2").stop_instances(InstanceIds=[instance_id])
    refused = spawn(*PRUNE)
    assert refused.code == REFUSED
    assert f"{instance_id} (us-east-1, stop" in refused.stderr
    assert len(held_keys(state)) == 2
    assert len(pairs(account)) == 2


def test_whoever_was_launched_otherwise_keeps_it_too(
    account: Account, spawn: Program, state: Path
) -> None:
    """Another name for the same key, in another region, an instance that spawn never launched."""
    _, former = rotated(spawn, state)
    ec2 = account.client("ec2", "eu-west-1")
    ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=former.key.public_line.encode())
    instance_id = instance_with(account, "mine", "eu-west-1")
    refused = spawn(*PRUNE)
    assert refused.code == REFUSED
    assert f"{instance_id} (eu-west-1" in refused.stderr
    ec2.terminate_instances(InstanceIds=[instance_id])
    kept = spawn(*PRUNE)
    assert kept.code == 0, kept.stderr
    assert "mine in eu-west-1 is not a pair of yours" in kept.stdout
    assert len(held_keys(state)) == 2
    ec2.delete_key_pair(KeyName="mine")
    assert spawn(*PRUNE).code == 0
    assert len(held_keys(state)) == 1


def test_tags_alone_move_nothing(account: Account, spawn: Program, state: Path) -> None:
    """A stranger's pair that is tagged as the caller's is no key of theirs, and stays."""
    rotated(spawn, state)
    ec2 = account.client("ec2")
    theirs = ec2.create_key_pair(KeyName="spawn-0123456789abcdef", KeyType="ed25519")
    ec2.create_tags(
        Resources=[theirs["KeyPairId"]],
        Tags=[{"Key": "spawn", "Value": "true"}, {"Key": "owner", "Value": "admin"}],
    )
    listed = spawn("key", "list", "-o", "json").document()["keys"]
    (row,) = [one for one in listed if one["name"] == "spawn-0123456789abcdef"]
    assert (row["use"], row["private_key"]) == ("elsewhere", "")
    assert [one["advice"] for one in row["findings"]] == ["distrust"]
    assert spawn(*PRUNE).code == 0
    assert "spawn-0123456789abcdef" in pairs(account)
    assert len(held_keys(state)) == 1


def test_what_is_tagged_as_anothers_stays(account: Account, spawn: Program, state: Path) -> None:
    """The caller's own key under tags that name somebody else is not deleted, nor forgotten."""
    _, former = rotated(spawn, state)
    pair = pairs(account)[former.key.pair_name]
    account.client("ec2").create_tags(
        Resources=[pair["KeyPairId"]], Tags=[{"Key": "owner", "Value": "bob"}]
    )
    kept = spawn(*PRUNE)
    assert (kept.code, "is not a pair of yours" in kept.stdout) == (0, True)
    assert former.key.pair_name in pairs(account)
    assert len(held_keys(state)) == 2


@pytest.mark.parametrize("operation", ["ec2:DescribeInstances", "ec2:DescribeKeyPairs"])
def test_a_region_that_can_not_be_seen_keeps_a_key(
    operation: str, *, account: Account, spawn: Program, proxy: Proxy, state: Path
) -> None:
    """One region's denial is enough: nothing is deleted, and it is said where nobody looked."""
    rotated(spawn, state)
    proxy.forget()
    proxy.place(Fault(effect=Effect.DENY, operation=operation))
    kept = spawn(*PRUNE)
    assert kept.code == PARTLY, kept.stderr
    assert "can't be seen" in kept.stdout
    proxy.forget()
    assert len(pairs(account)) == 2
    assert len(held_keys(state)) == 2


def test_another_account_keeps_the_private_half(
    account: Account, spawn: Program, state: Path
) -> None:
    """Where it was used elsewhere, its pairs here go, and its private half stays."""
    current, former = rotated(spawn, state)
    note_use(state, former.key.pair_name, "210987654321")
    pruned = spawn(*PRUNE)
    assert pruned.code == 0, pruned.stderr
    assert "210987654321" in pruned.stdout
    assert set(pairs(account)) == {current.key.pair_name}
    assert [one.key.pair_name for one in held_keys(state)] == [
        current.key.pair_name,
        former.key.pair_name,
    ]


def test_a_launch_between_the_two_looks_keeps_the_private_half(
    account: Account, spawn: Program, proxy: Proxy, state: Path
) -> None:
    """What begins to trust a key while it is pruned is seen before its private half goes."""
    _, former = rotated(spawn, state)

    def launch() -> None:
        instance_with(account, former.key.pair_name)

    proxy.forget()
    proxy.place(Fault(effect=Effect.THROTTLE, operation="ec2:DeleteKeyPair", hook=launch))
    pruned = spawn(*PRUNE)
    assert pruned.code == PARTLY, pruned.stderr
    assert "1 instance trust" in pruned.stderr
    assert former.key.pair_name in {one.key.pair_name for one in held_keys(state)}


def test_a_saved_plan_does_not_bring_a_key_back(
    account: Account, spawn: Program, state: Path, tmp_path: Path
) -> None:
    """Planned before a rotation and applied after it, pruned or not, it is refused."""
    plan = tmp_path / "plan.json"
    plan.write_text(spawn("launch", "--dry-run", "-o", "json").stdout)
    assert spawn(*ROTATE).code == 0
    for _ in ("kept", "pruned"):
        refused = spawn("apply", str(plan))
        assert refused.code == 1
        assert "was rotated since this launch was planned" in refused.stderr
        assert spawn(*PRUNE).code == 0
    assert account.billable() == []
    assert len(held_keys(state)) == 1


def test_two_rotations_at_once_are_one(
    account: Account, spawn: Program, state: Path, home: Path
) -> None:
    """Planned from the same key, both end well and name the same new one; there is no third."""
    assert spawn("key", "create").code == 0
    variables = account.cloud.access.variables
    keys = (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
    url, config = account.cloud.endpoint_url, home / "config"
    door = WritingDoor(session_at(url, config, region=REGION, keys=keys))
    work = KeyWork(
        state_directory=state,
        programs=LocalPrograms(),
        reader=door,
        performer=Performer(writer=door, clock=SystemClock()),
        region=REGION,
        now=SystemClock().now(),
    )
    facts = read_key_facts(door, home_region=REGION)
    plan = plan_rotation(work, facts)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: rotate(plan, work, facts), range(2)))
    current, former = held_keys(state)
    assert {one.name for one in done} == {current.key.pair_name}
    assert sorted(one.first for one in done) == [False, True]
    assert former.key.pair_name == plan.before.name
    assert set(pairs(account)) == {current.key.pair_name, former.key.pair_name}


def test_what_aws_does_not_take_is_not_used(
    account: Account, spawn: Program, proxy: Proxy, state: Path
) -> None:
    """A denied import leaves the key of launches as it was, and no other behind."""
    assert spawn("key", "create").code == 0
    (before,) = held_keys(state)
    proxy.forget()
    proxy.place(Fault(effect=Effect.DENY, operation="ec2:ImportKeyPair"))
    assert spawn(*ROTATE).code == DENIED
    assert held_keys(state) == (before,)
    assert set(pairs(account)) == {before.key.pair_name}


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize(
    ("words", "operation"),
    [
        (ROTATE, "ec2:ImportKeyPair"),
        (PRUNE, "ec2:DeleteKeyPair"),
    ],
)
def test_a_killed_command_leaves_usable_keys(
    words: tuple[str, ...],
    operation: str,
    moment: Moment,
    *,
    account: Account,
    spawn: Program,
    proxy: Proxy,
    state: Path,
) -> None:
    """Whatever was done by then, each instance's key is here, and the next command finishes."""
    current, _ = rotated(spawn, state)
    second = instance_with(account, current.key.pair_name)
    victim, struck = Victim(spawn), threading.Event()

    def strike() -> None:
        struck.set()
        victim.kill()

    proxy.forget()
    proxy.place(Fault(effect=Effect.CUT, moment=moment, operation=operation, hook=strike))
    assert victim.run(*words).code == KILLED
    assert struck.is_set()
    proxy.forget()
    third = launched(spawn)
    here = {one.key.pair_name for one in held_keys(state)}
    names = key_names(account)
    assert {names[second], names[third]} <= here
    assert spawn(*PRUNE).code == 0
    assert {one.key.pair_name for one in held_keys(state)} == {names[second], names[third]}
    assert set(pairs(account)) == {names[second], names[third]}


def test_a_rotation_that_fails_half_way_keeps_both(spawn: Program, state: Path) -> None:
    """Where the new key can't be put in its place, launches go on with the one before."""
    current, former = rotated(spawn, state)
    former.key.private_path.unlink()
    with pytest.raises(FileNotFoundError):
        use_for_launches(state, former.key, current.key)
    assert held_keys(state) == (current,)
    kept = state / "keys/kept" / current.key.pair_name
    assert kept.read_text() == current.key.private_path.read_text()


def test_documents_hold_no_private_half(spawn: Program, state: Path) -> None:
    """Of a private key no command prints a line."""
    said = [spawn("key", "create"), spawn(*ROTATE), spawn("key", "list", "-o", "json")]
    said += [spawn("key", "list"), spawn(*PRUNE), spawn("key", "prune", "-o", "json", "--yes")]
    lines = [
        line
        for one in held_keys(state)
        for line in one.key.private_path.read_text().splitlines()[1:-1]
    ]
    assert lines
    shown = "".join(one.stdout + one.stderr for one in said)
    assert not [line for line in lines if line in shown]


def test_a_certificate_goes_with_its_key(spawn: Program, state: Path) -> None:
    """What was signed for the former key is not offered with the new one."""
    assert spawn("key", "create").code == 0
    keys = state / "keys"
    (keys / "spawn-ed25519-cert.pub").write_text("a certificate\n")
    assert spawn(*ROTATE).code == 0
    _, former = held_keys(state)
    assert not (keys / "spawn-ed25519-cert.pub").exists()
    beside = Path(f"{former.key.private_path}-cert.pub")
    assert beside.read_text() == "a certificate\n"
    assert spawn(*PRUNE).code == 0
    assert not beside.exists()


def test_a_key_of_another_machine_is_shown(account: Account, spawn: Program, state: Path) -> None:
    """It is the caller's by tags and content; its private half is not here, and it stays."""
    made = spawn("key", "create", "-o", "json").document()
    shutil.rmtree(state / "keys")
    assert spawn("key", "create").code == 0
    listed = spawn("key", "list", "-o", "json")
    rows = {one["name"]: one for one in json.loads(listed.stdout)["keys"]}
    assert rows[made["name"]]["use"] == "elsewhere"
    assert rows[made["name"]]["findings"] == []
    assert spawn(*PRUNE).code == 0
    assert made["name"] in pairs(account)
