"""Instances as a person has them: launched, logged into and ended with the `spawn` program."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import botocore.session
from botocore.config import Config

from tests.tools.clouds import Cloud
from tests.tools.programs import Finished, Program

REGION = "us-east-1"
PATIENCE_SECONDS = 20.0
# What the embedded cloud takes for the caller's own address.
HOME_ADDRESS = "203.0.113.10"
# The Python that every instance of the embedded cloud has, whatever the machine itself has.
BOX_PYTHON = ("/opt/spawn/environment/bin/python3", "-I", "-")
_SESSION = botocore.session.Session()  # it keeps the service models that it has read

Fact = TypeVar("Fact")


def wait_for(
    look: Callable[[], Fact | None], what: str, *, seconds: float = PATIENCE_SECONDS
) -> Fact:
    """Look again and again until there is something to see; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


def client(cloud: Cloud, service: str, *, region: str = REGION) -> Any:
    """A client of the account's administrator, which never asks twice."""
    variables = cloud.access.variables
    return _SESSION.create_client(
        service,
        region_name=region,
        endpoint_url=cloud.endpoint_url,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


@dataclass(frozen=True, kw_only=True)
class Box:
    """One instance; `document` is what `spawn launch -o json` wrote of it."""

    document: dict[str, Any]
    spawn: Program
    cloud: Cloud

    @property
    def id(self) -> str:
        """The instance's id."""
        return str(self.document["id"])

    @property
    def address(self) -> str:
        """Its public address."""
        return str(self.document["instances"][0]["public_ip"])

    def run(self, *words: str, stdin: str = "", source: str = HOME_ADDRESS) -> Finished:
        """Run a command on it, by `spawn connect`; `source` is the address to come from."""
        return self.spawn(*self.connect_words(*words), stdin=stdin, SPAWN_CLOUD_SOURCE=source)

    def connect_words(self, *words: str) -> tuple[str, ...]:
        """What `spawn` is given to run a command; the region saves it looking around."""
        return ("connect", self.id, "--region", REGION, "--", *words)

    def sh(self, script: str) -> str:
        """Run a script of the shell on it; what it says. Fails where the script does."""
        done = self.run("sh", "-c", script)
        assert done.code == 0, done.stderr
        return done.stdout

    def root(self, script: str) -> str:
        """Run a script of the shell on it as root; what it says. Fails where the script does."""
        done = self.run("sudo", "sh", "-s", stdin=script)
        assert done.code == 0, done.stdout + done.stderr
        return done.stdout

    def tag(self, **tags: str) -> None:
        """Put tags on it, as whoever may put tags does."""
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        client(self.cloud, "ec2").create_tags(Resources=[self.id], Tags=pairs)

    def heard_until(self) -> datetime:
        """When its agent said last that it ends."""
        said = re.findall(r"^spored: \d+ \S+ .* until (\S+)", self.console(), re.MULTILINE)
        return datetime.fromisoformat(said[-1])

    def python(self, program: str) -> str:
        """Run a Python program on it; what it says. Fails where the program does."""
        done = self.run(*BOX_PYTHON, stdin=program)
        assert done.code == 0, done.stderr
        return done.stdout

    def agents(self) -> list[str]:
        """The processes on it that are its agent, or keep it running."""
        return self.sh("pgrep -f '[s]pored agent' || true").split()

    def described(self) -> dict[str, Any]:
        """The instance as DescribeInstances shows it now."""
        answer = client(self.cloud, "ec2").describe_instances(InstanceIds=[self.id])
        return dict(answer["Reservations"][0]["Instances"][0])

    def await_state(self, state: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until it is in a state; the instance as it is then."""

        def look() -> dict[str, Any] | None:
            found = self.described()
            return found if found["State"]["Name"] == state else None

        return wait_for(look, f"{self.id} to be {state}", seconds=seconds)

    def console(self) -> str:
        """What `aws ec2 get-console-output` shows of it."""
        answer = client(self.cloud, "ec2").get_console_output(InstanceId=self.id, Latest=True)
        return str(answer.get("Output", "")).replace("\r\n", "\n")

    def await_console(self, text: str, *, times: int = 1, seconds: float = PATIENCE_SECONDS) -> str:
        """Wait until a text is on its console so many times; the whole console."""

        def look() -> str | None:
            shown = self.console()
            return shown if shown.count(text) >= times else None

        return wait_for(look, f"{text!r} on the console of {self.id}", seconds=seconds)


def launch(spawn: Program, cloud: Cloud, *words: str) -> Box:
    """Launch an instance with the `spawn` program; fail where that fails."""
    done = spawn("launch", *words, "-o", "json")
    assert done.code == 0, done.stderr
    return Box(document=done.document(), spawn=spawn, cloud=cloud)


@contextlib.contextmanager
def launched(spawn: Program, cloud: Cloud, *words: str) -> Iterator[Box]:
    """Launch an instance, and end it with the block."""
    box = launch(spawn, cloud, *words)
    try:
        yield box
    finally:
        client(cloud, "ec2").terminate_instances(InstanceIds=[box.id])
