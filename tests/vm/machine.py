"""A machine of Debian's in QEMU that, as far as it can tell, is an instance of EC2.

What makes it one: EC2's marks in its firmware, and metadata that answers at 169.254.169.254 as the
embedded cloud's does. From the kernel on everything is Debian's own, as `scripts/vm-image` made it.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec

from spawn.core.tags import Tag
from spawn.local.world import Instance
from spored.instants import format_instant, parse_instant
from tests.e2e.boxes import wait_for
from tests.tools.programs import Finished, clean_environment, run

METADATA = Path(__file__).with_name("metadata_once.py")
SECRET = Path(__file__).with_name("secret_once.py")
# An address of the network that holds 169.254.169.254 too: QEMU forwards within it alone.
NETWORK, ROUTER, ADDRESS = "169.254.0.0/16", "169.254.0.2", "169.254.0.15"
SECRETS_ADDRESS = "169.254.0.9"
# Emulated beside others' work, a login alone was seen to take more than a minute.
COMMAND_SECONDS = 240.0
CONSOLES = "console=tty0 console=ttyS0,115200"  # as Debian's image for EC2 has them
_BEAT = re.compile(r"spored: (\d+) (\S+Z) (\S.*) until (\S+Z) order ([0-9a-f]{8}) (\S*)")


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """What runs the machine, and what that means for the patience with it."""

    name: str  # "kvm" | "tcg"
    ttl: timedelta  # a life in which it can boot, twice, and be looked at
    boot_seconds: float  # the most that may pass until it admits logins, or has gone on


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One heartbeat on the console."""

    number: int
    state: str
    until: datetime


class Machine:
    """One machine, from its start until QEMU ends; reboots are its own affair."""

    def __init__(
        self, directory: Path, instance: Instance, *, image: Path, accelerator: Accelerator
    ) -> None:
        """Start it. What `keep_secret` keeps is answered at SECRETS_ADDRESS."""
        self.directory, self.accelerator = directory, accelerator
        self.console_file = directory / "console"
        self.secret = directory / "secret"
        self.environment = clean_environment(directory / "home")
        self.ssh = self._ssh_words(_free_port())
        self.put(msgspec.structs.replace(instance, public_keys=(("key", self._make_key()),)))
        self.process = subprocess.Popen(
            self._qemu_words(image),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    # What it is made of

    def _make_key(self) -> str:
        words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.directory / "key"))
        run(words, environment=self.environment, directory=self.directory)
        return (self.directory / "key.pub").read_text(encoding="ascii").strip()

    def _ssh_words(self, port: int) -> tuple[str, ...]:
        self.port = port
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "30",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        key = str(self.directory / "key")
        return ("ssh", "-F", "none", "-i", key, *words, "-p", str(port), "debian@127.0.0.1")

    def _qemu_words(self, image: Path) -> Sequence[str]:
        # cloud-init, DataSourceEc2, identify_aws: both begin with ec2, and are the same.
        serial = f"ec2{str(uuid4())[3:]}"
        answers = f"{sys.executable} -I {METADATA} {self.directory / 'instance.json'} {serial}"
        network = (
            f"user,id=vpc,restrict=on,net={NETWORK},host={ROUTER},dhcpstart={ADDRESS}"
            f",guestfwd=tcp:169.254.169.254:80-cmd:{answers}"
            f",guestfwd=tcp:{SECRETS_ADDRESS}:80-cmd:{sys.executable} -I {SECRET} {self.secret}"
            f",hostfwd=tcp:127.0.0.1:{self.port}-{ADDRESS}:22"
        )
        return (
            *start_of_words(image, self.accelerator.name),
            *("-append", f"root=/dev/vda ro {CONSOLES}"),
            *("-drive", f"file={image / 'disk'},format=raw,if=virtio,snapshot=on"),
            *("-smbios", "type=0,vendor=Amazon EC2"),
            *("-smbios", f"type=1,manufacturer=Amazon EC2,uuid={serial},serial={serial}"),
            *("-netdev", network),
            *("-device", f"virtio-net-pci,netdev=vpc,mac={self.instance.interfaces[0].mac}"),
            *("-device", "virtio-rng-pci"),
            *("-serial", f"file:{self.console_file}"),
        )

    # What AWS would show of it, and can do to it

    def put(self, instance: Instance) -> None:
        """Have its metadata be those of this instance from now on."""
        self.instance = instance
        path = self.directory / "instance.json"
        path.with_suffix(".new").write_bytes(msgspec.json.encode(instance))
        path.with_suffix(".new").rename(path)

    def keep_secret(self, value: str) -> None:
        """Have this be the value of the secret that it may read."""
        self.secret.write_text(value, encoding="utf-8")

    @property
    def due(self) -> datetime:
        """The end date that its tag says."""
        return _moment(self.instance.tags[Tag.EXPIRES_AT])

    def move_end(self, later: timedelta) -> None:
        """Put its end date off, by the tag."""
        until = format_instant((self.due + later).timestamp())
        tags = {**self.instance.tags, Tag.EXPIRES_AT.value: until}
        self.put(msgspec.structs.replace(self.instance, tags=tags))

    def switch_metadata_off(self) -> None:
        """Have its metadata service refuse everything, as `HttpEndpoint=disabled` does."""
        options = msgspec.structs.replace(self.instance.metadata, http_endpoint="disabled")
        self.put(msgspec.structs.replace(self.instance, metadata=options))

    def console(self) -> str:
        """Return what its serial console has shown."""
        if not self.console_file.exists():
            return ""
        text = self.console_file.read_text(encoding="utf-8", errors="replace")
        return re.sub(r"\r+\n", "\n", text)

    def beats(self) -> list[Beat]:
        """Return the agent's heartbeats, in their order."""
        return [
            Beat(number=int(number), state=state, until=_moment(until))
            for number, _, state, until, _, _ in _BEAT.findall(self.console())
        ]

    def await_console(self, text: str, *, seconds: float | None = None) -> str:
        """Wait until a text is on the console; return all of it."""

        def look() -> str | None:
            shown = self.console()
            if text not in shown and self.process.poll() is not None:
                raise AssertionError(f"the machine ended without {text!r}:\n{shown[-4000:]}")
            return shown if text in shown else None

        limit = self.accelerator.boot_seconds if seconds is None else seconds
        return wait_for(look, f"{text!r} on the console", seconds=limit)

    def await_end(self, seconds: float) -> datetime:
        """Wait until it has powered itself off; return when that was: its last word's time."""
        self.process.wait(seconds)
        return datetime.fromtimestamp(self.console_file.stat().st_mtime, UTC)

    # What whoever is logged in may do

    def await_login(self) -> None:
        """Wait until it admits whoever holds the launch's key."""
        wait_for(
            lambda: self.run("true").code == 0, "a login", seconds=self.accelerator.boot_seconds
        )

    def run(self, script: str) -> Finished:
        """Run a script of the shell on it, as its first user."""
        words = (*self.ssh, script)
        return run(
            words,
            environment=self.environment,
            directory=self.directory,
            timeout_seconds=COMMAND_SECONDS,
        )

    def sh(self, script: str) -> str:
        """Run a script of the shell on it; return what it says. Fails where the script does."""
        done = self.run(script)
        assert done.code == 0, done.stderr
        return done.stdout


def start_of_words(image: Path, accelerator: str) -> tuple[str, ...]:
    """Return how QEMU is started with the image's kernel, and nothing else that it could have."""
    # Emulated, the kernel would believe that it can run machines itself, and try for seconds.
    processor = "host" if accelerator == "kvm" else "qemu64,-svm"
    return (
        *("qemu-system-x86_64", "-nodefaults", "-display", "none"),
        *("-accel", accelerator, "-cpu", processor, "-smp", "1", "-m", "1024"),
        *("-kernel", str(image / "kernel"), "-initrd", str(image / "initrd")),
    )


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(parse_instant(text), UTC)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
