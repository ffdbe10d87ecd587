"""Secrets on instances that run: each where it should be and nowhere else; all, or no work."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from spawn.core.instants import format_instant
from spawn.launch.agent import agent_boothook, read_agent_source
from spawn.launch.secret_delivery import guarded
from spawn.launch.userdata import assemble
from tests.e2e.agent.test_aws_duties import own_role
from tests.e2e.boxes import REGION, Box, client, launched, wait_for
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn

pytestmark = pytest.mark.e2e

SERVICES = {
    "secretsmanager": f"{REGION}/secretsmanager https://secretsmanager.{REGION}.amazonaws.com",
    "ssm": f"{REGION}/ssm https://ssm.{REGION}.amazonaws.com",
}
FILES = "/run/spored/secrets"
# Its workload reads the file again and again, as one does that lives through a rotation.
WORK = """\
echo "the script is $0, API_KEY_FILE is $API_KEY_FILE, TOKEN has ${#TOKEN} characters"
sha256sum <"$API_KEY_FILE"; sha256sum <"$TOKEN_FILE"; sha256sum <"$BYTES_FILE"
sha256sum <"$LARGE_FILE"; sha256sum <"$PARAMETER_FILE"
(while sleep 0.1; do sha256sum <"$API_KEY_FILE"; done >/srv/seen) &
"""


class Kept(NamedTuple):
    """Secrets as they are kept; each value but TOKEN's is to be in one file, and nowhere else."""

    values: dict[str, bytes]
    arns: dict[str, str]
    sources: dict[str, str]


def told(name: str, which: str, *, service: str = "secretsmanager", **more: Any) -> dict[str, Any]:
    """What an instance is told of a secret."""
    return {"name": name, "service": service, "id": which, "key": "", "env": False, **more}


def created(service: Any, prefix: str, values: dict[str, str | bytes]) -> dict[str, str]:
    """Make secrets; their ARNs by their names."""
    return {
        name: service.create_secret(
            Name=f"{prefix}/{name}",
            **{"SecretString" if isinstance(value, str) else "SecretBinary": value},
        )["ARN"]
        for name, value in values.items()
    }


def sha256(value: bytes) -> str:
    """What `sha256sum` says of standard input."""
    return f"{hashlib.sha256(value).hexdigest()}  -"


@pytest.fixture(scope="module")
def kept(cloud: Cloud) -> Kept:
    """One of each kind."""
    own = uuid.uuid4().hex
    values = {
        "API_KEY": f"canary-{own}-1\nof two lines\n".encode(),
        "TOKEN": f"token-{own} with blanks ".encode(),
        "BYTES": b"\0\xff canary-" + own.encode() + b"-2",
        "LARGE": (f"canary-{own}-3" * 2_000)[:65_536].encode(),
        "PARAMETER": f"canary-{own}-4".encode(),
    }
    secrets, ssm = client(cloud, "secretsmanager"), client(cloud, "ssm")
    arns = created(
        secrets,
        own,
        {
            "API_KEY": values["API_KEY"].decode(),
            "TOKEN": json.dumps({"user": 7, "token": values["TOKEN"].decode()}),
            "BYTES": values["BYTES"],
            "LARGE": values["LARGE"].decode(),
        },
    )
    parameter = f"/{own}/parameter"
    ssm.put_parameter(Name=parameter, Value=values["PARAMETER"].decode(), Type="SecureString")
    sources = {name: f"secretsmanager:{arn}" for name, arn in arns.items()}
    sources["TOKEN"] = f"secretsmanager:{own}/TOKEN#token"
    return Kept(values, arns, {**sources, "PARAMETER": f"ssm:{parameter}"})


def allow(action: str, *resources: str) -> dict[str, Any]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": [*resources]}


Start = Callable[..., Box]


@pytest.fixture(scope="module")
def start(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """What launches a machine that is told of secrets, with a role that may read some."""
    home = tmp_path_factory.mktemp("secrets") / "home"
    spawn = loaded_spawn(cloud.environment(home), home)
    with ExitStack() as running:

        def begin(script: bytes, secrets: list[dict[str, Any]], *statements: Any) -> Box:
            now = datetime.now(UTC)
            ends = now + timedelta(minutes=30)
            boothook = agent_boothook(
                read_agent_source(),
                {"spawn:expires-at": format_instant(ends)},
                now=now,
                expires_at=ends,
                secrets={"user": "ec2-user", "services": SERVICES, "secrets": secrets},
            )
            file = home / f"{uuid.uuid4()}"
            file.write_bytes(assemble(boothook, guarded(script, flag="-"), flag="-"))
            role = own_role(cloud, f"reads-{uuid.uuid4().hex[:8]}", *statements)
            words = (
                *("--ttl", "30m", "--no-agent", "--iam-role", role),
                *("--user-data-file", str(file)),
            )
            return running.enter_context(launched(spawn, cloud, *words))

        yield begin


@pytest.fixture(scope="module")
def box(cloud: Cloud, kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A machine that has them all, by a role that may read these alone."""
    home = tmp_path_factory.mktemp("box") / "home"
    spawn = loaded_spawn(cloud.environment(home), home)
    asked = [
        word
        for name, source in kept.sources.items()
        for word in ("--secret-env" if name == "TOKEN" else "--secret", f"{name}={source}")
    ]
    words = ("--ttl", "30m", *asked, "--user-data", WORK)
    with launched(spawn, cloud, *words) as box:
        box.await_console("finished at")
        yield box


def test_the_script_finds_each_by_its_variable(box: Box, kept: Kept) -> None:
    """Text, bytes, a member of JSON, 64 KiB, a parameter: all are there, as they are kept."""
    shown = box.console().splitlines()
    assert f"API_KEY_FILE is {FILES}/API_KEY, TOKEN has {len(kept.values['TOKEN'])}" in str(shown)
    lines = [line for line in shown if line.endswith("  -")]
    names = ("API_KEY", "TOKEN", "BYTES", "LARGE", "PARAMETER")
    assert lines == [sha256(kept.values[name]) for name in names]


def test_whoever_logs_in_finds_the_files_and_no_values(box: Box, kept: Kept) -> None:
    """A command over SSH is given paths; `spored secrets exec` adds the values asked for."""
    assert box.sh("cat $API_KEY_FILE").encode() == kept.values["API_KEY"]
    assert "TOKEN=" not in box.sh("env")
    assert (
        box.sh("spored secrets exec -- sh -c 'printf %s \"$TOKEN\"'").encode()
        == (kept.values["TOKEN"])
    )
    assert box.run("spored", "secrets", "exec", "--", "no-such-program").code == 127
    assert box.sh(f"stat -c '%a %n' {FILES} {FILES}/*").split("\n")[:2] == [
        f"710 {FILES}",
        f"400 {FILES}/API_KEY",
    ]


def test_status_tells_of_it(box: Box) -> None:
    """The instance and `spawn status` say that they are there, and that metadata is closed."""
    shown = box.sh("spored secrets status")
    assert shown.startswith("ready\n")
    assert shown.count(f"{FILES}/") == 5
    assert shown.endswith("metadata: root and the user of the secrets\n")
    box.await_console("spored: secrets: ready")
    assert "ready" in wait_for(lambda: secrets_line(box), "the status")


def secrets_line(box: Box) -> str:
    """What `spawn status` says of its secrets, "" as long as they are waited for."""
    shown = box.spawn("status", box.id).stdout.splitlines()
    said = " ".join(line for line in shown if line.startswith("secrets"))
    return "" if said.endswith(" waiting") else said


def test_metadata_is_for_root_and_its_user(box: Box) -> None:
    """The kernel refuses the way there to others, and to what comes from a container's network."""
    way = "ip route get 169.254.169.254"
    assert "169.254.169.254" in box.sh(f"{way} uid 0")
    assert "Permission denied" in box.run("sh", "-c", f"{way} uid 4242").stderr
    refused = box.root(
        "ip netns add inner && ip link add outer type veth peer name eth0 netns inner\n"
        "ip addr add 10.99.0.1/24 dev outer && ip link set outer up\n"
        "ip -n inner addr add 10.99.0.2/24 dev eth0 && ip -n inner link set eth0 up\n"
        "echo 1 >/proc/sys/net/ipv4/ip_forward\n"
        f"{way} from 10.99.0.2 iif outer 2>&1 || true\n"
        "ip rule del pref 2 && ip rule del pref 1\n"
        f"{way} from 10.99.0.2 iif outer\n"
        "spored secrets status || true; spored imds; ip netns del inner\n"
    )
    # Refused; then, without the rules, led there: which the status tells.
    assert refused.index("Permission denied") < refused.index("169.254.169.254 from 10.99.0.2")
    assert "metadata: OPEN TO OTHERS" in refused


def test_the_values_are_nowhere_else(box: Box, kept: Kept, cloud: Cloud) -> None:
    """Each canary is in its file alone: no disk, process, event, table or log holds it."""
    canaries = [value for name, value in kept.values.items() if name != "TOKEN"]
    marks = {value[value.index(b"canary-") :][:50].split(b"\n")[0].decode() for value in canaries}
    found = box.root(
        f"cat >/dev/shm/marks <<'EOF'\n{chr(10).join(marks)}\nEOF\n"
        "grep -rlaFf /dev/shm/marks /etc /home /opt /root /run /srv /tmp /usr/local /var"
        " /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | sort\nrm /dev/shm/marks\n"
    )
    assert found.split() == sorted(f"{FILES}/{name}" for name in kept.values if name != "TOKEN")
    assert "canary-" not in box.sh("sudo cat /var/log/cloud-init*.log /var/log/spored.log")
    for text in (*outside(box, cloud), *of_processes_here()):
        assert not [mark for mark in marks if mark in text]


def outside(box: Box, cloud: Cloud) -> Iterator[str]:
    """What AWS would show of it to whoever may ask, and what the cloud wrote down."""
    yield box.console()
    ec2, trail = client(cloud, "ec2"), client(cloud, "cloudtrail")
    sent = ec2.describe_instance_attribute(InstanceId=box.id, Attribute="userData")["UserData"]
    user_data = gzip.decompress(b64decode(sent["Value"])).decode(errors="replace")
    assert "spored.deliver" in user_data
    yield user_data
    yield str(ec2.describe_instances(InstanceIds=[box.id]))
    for name in ("GetSecretValue", "GetParameter", "CreateSecret", "RunInstances"):
        which = [{"AttributeKey": "EventName", "AttributeValue": name}]
        events = trail.lookup_events(LookupAttributes=which)["Events"]
        assert events
        yield from (event["CloudTrailEvent"] for event in events)
    table = client(cloud, "dynamodb").get_paginator("scan").paginate(TableName="spawn-instances")
    yield from map(str, table)
    for path in cloud.directory.rglob("*.log"):
        yield path.read_text(errors="replace")
    yield box.spawn("status", box.id, "-o", "json").stdout


def of_processes_here() -> Iterator[str]:
    """Environments and command lines of all processes of this machine that may be read."""
    for path in (*Path("/proc").glob("[0-9]*/environ"), *Path("/proc").glob("[0-9]*/cmdline")):
        try:
            yield path.read_bytes().decode(errors="replace")
        except OSError:
            continue


def test_a_rotation_is_seen_by_the_workload(box: Box, kept: Kept, cloud: Cloud) -> None:
    """After a refresh who reads the file has the new value, and never half of one."""
    service = client(cloud, "secretsmanager")
    new = f"canary-{uuid.uuid4()}-new"
    service.put_secret_value(SecretId=kept.arns["API_KEY"], SecretString=new)
    assert box.run("spored", "secrets", "exec", "--", "true").code == 0
    box.root("spored secrets refresh")
    wait_for(lambda: sha256(new.encode()) in box.sh("cat /srv/seen"), "the new value")
    seen = {*box.sh("cat /srv/seen").splitlines()}
    assert seen == {sha256(kept.values["API_KEY"]), sha256(new.encode())}
    kept.values["API_KEY"] = new.encode()


def test_a_refresh_that_fails_keeps_the_old_value(box: Box, kept: Kept, cloud: Cloud) -> None:
    """What can't be had leaves the file as it was, and that is said; the others are renewed."""
    service = client(cloud, "secretsmanager")
    which = kept.arns["LARGE"]
    service.delete_secret(SecretId=which, RecoveryWindowInDays=7)
    done = box.run("sudo", "spored", "secrets", "refresh")
    assert done.code == 1
    assert "the old value stays: LARGE: InvalidRequestException" in done.stderr
    assert box.sh(f"sha256sum <{FILES}/LARGE").strip() == sha256(kept.values["LARGE"])
    box.await_console("spored: secrets: ready: the old value stays: LARGE")
    assert "the old value stays: LARGE" in secrets_line(box)
    service.restore_secret(SecretId=which)
    box.root("spored secrets refresh")
    assert box.sh("spored secrets status").startswith("ready\n")


def test_after_a_reboot_they_are_there_again(box: Box, kept: Kept, cloud: Cloud) -> None:
    """A boot begins without them, closes metadata, and fetches them anew."""
    box.await_console("spored: secrets: ready", times=2)
    client(cloud, "ec2").reboot_instances(InstanceIds=[box.id])
    box.await_console("finished at", times=2)
    box.sh("spored secrets exec -- true")
    assert box.sh("cat $API_KEY_FILE").encode() == kept.values["API_KEY"]
    assert box.sh("spored secrets status").endswith("metadata: root and the user of the secrets\n")
    assert box.sh("grep -c API_KEY_FILE /etc/environment") == "1\n"


def test_the_work_is_not_begun_half_armed(start: Start, kept: Kept, cloud: Cloud) -> None:
    """One that was deleted, is binary or lacks its key: no file, no script, and the reasons."""
    service = client(cloud, "secretsmanager")
    made = created(
        service,
        uuid.uuid4().hex,
        {"GONE": "x", "BINARY": b"\0\1", "KEYLESS": '{"canary-deep": {"canary-deep": 1}}'},
    )
    service.delete_secret(SecretId=made["GONE"], ForceDeleteWithoutRecovery=True)
    box = start(
        b"#!/bin/sh\necho the script ran\n",
        [
            told("API_KEY", kept.arns["API_KEY"]),
            told("GONE", made["GONE"]),
            told("BINARY", made["BINARY"], key="password"),
            told("NUL", made["BINARY"], env=True),
            told("KEYLESS", made["KEYLESS"], key="password"),
            told("OBJECT", made["KEYLESS"], key="canary-deep"),
        ],
        allow("secretsmanager:GetSecretValue", kept.arns["API_KEY"], *made.values()),
    )
    shown = box.await_console("finished at")
    assert "the script ran" not in shown
    said = [line for line in shown.splitlines() if "is not started, it lacks secrets" in line]
    [reasons] = said
    for reason in (
        "GONE: ResourceNotFoundException",
        "BINARY: it is binary",
        "NUL: it holds a NUL",
        "KEYLESS: its JSON has no key password",
        "OBJECT: canary-deep of its JSON is neither",
    ):
        assert reason in reasons
    assert "API_KEY" not in reasons
    assert box.sh(f"sudo ls -A {FILES}") == ""
    assert "exit code: 78" in box.sh("sudo grep -ai 'exit code' /var/log/cloud-init.log").lower()
    failed = wait_for(lambda: secrets_line(box), "the status")
    assert "failed: GONE: ResourceNotFoundException" in failed
    done = box.run("spored", "secrets", "exec", "--", "echo", "started")
    assert (done.code, done.stdout) == (78, "")


def test_the_agent_checks_names_too(box: Box) -> None:
    """What is told to the instance is not believed: a name that leads elsewhere fetches nothing."""
    box.root(
        "cd /opt/spored && cp orders.json kept\n"
        'sed \'s|"name":"BYTES"|"name":"../BYTES"|\' kept >orders.json\n'
    )
    done = box.run("sudo", "spored", "secrets", "refresh")
    box.root("mv /opt/spored/kept /opt/spored/orders.json")
    assert done.code == 1
    assert "no variable can be named ../BYTES" in done.stderr
    assert box.run("sudo", "ls", "/run/spored/BYTES").code != 0


def test_a_command_of_its_own_machine_waits_for_them(box: Box, kept: Kept) -> None:
    """`spawn run` begins its command once they are there, with the variables asked for."""
    asked = ("--secret-env", f"TOKEN={kept.sources['TOKEN']}")
    shown = 'printf %s "$TOKEN"; cmp -s "$TOKEN_FILE" - <<<"$TOKEN" || exit 7'
    done = box.spawn("run", "--ttl", "30m", *asked, "--", "bash", "-c", shown)
    assert done.stdout.encode() == kept.values["TOKEN"]
    assert done.code == 7  # a here-string ends in a new line, which the file does not
