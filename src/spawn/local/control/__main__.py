"""The control plane's process: wires the rooms together, says where it listens, and waits.

1. Listen, so that the port is known. 2. Start the data plane. 3. Write `cloud.json`: ready.
4. Warm up what is slow the first time. 5. On SIGTERM, end the data plane and go.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from spawn.local.control import account
from spawn.local.control.administration import Administration
from spawn.local.control.clock import Clock
from spawn.local.control.engine import Engine
from spawn.local.control.firing import Firings
from spawn.local.control.frontdoor import FrontDoor
from spawn.local.control.memory import Memory
from spawn.local.control.moto_app import MotoApp
from spawn.local.control.operations import protocol_of
from spawn.local.control.plane_link import NoPlane, Plane, PlaneGone, ProcessPlane
from spawn.local.control.principals import Credentials
from spawn.local.control.server import listen_on_loopback, listen_on_socket
from spawn.local.files import CloudFile, start_time_of, write_cloud_file

log = logging.getLogger("spawn.local.control")

WARMED_UP = (
    *("ec2", "iam", "sts", "s3", "dynamodb", "scheduler", "kms", "ssm", "secretsmanager"),
    *("pricing", "ec2-instance-connect", "route53", "logs"),
)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_administrator() -> Credentials:
    """A key pair of this cloud alone, in the form of AWS's."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key_id = "AKIA" + "".join(secrets.choice(alphabet) for _ in range(16))
    return Credentials(access_key_id=key_id, secret=secrets.token_urlsafe(30))


def _warm_up() -> None:
    """Read the service models while nobody waits for them."""
    for service in WARMED_UP:
        protocol_of(service)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Process:
    """The parts of this process, wired; nothing runs yet but the listeners."""

    engine: Engine
    admin: Credentials
    port: int
    stopping: threading.Event
    failed: threading.Event

    def plane_gone(self, status: str) -> None:
        """Without its data plane the cloud would show instances that are not there."""
        log.error("the data plane is gone (%s): the cloud ends with it", status)
        self.failed.set()
        self.stopping.set()


def assemble(directory: Path) -> Process:
    """Wire the parts and listen. Raises OSError."""
    memory = Memory()
    engine = Engine(memory=memory, moto=MotoApp(), now=_now, console=directory / "console")
    admin = _new_administrator()
    door = FrontDoor(admin=admin, engine=engine, administration=Administration(engine))
    loopback = listen_on_loopback(0, door.answer)
    instances = listen_on_socket(directory / "api.sock", door.answer)
    for listener in (loopback, instances):
        threading.Thread(target=listener.serve_forever, daemon=True).start()
    return Process(
        engine=engine,
        admin=admin,
        port=int(loopback.server_address[1]),
        stopping=threading.Event(),
        failed=threading.Event(),
    )


def run(directory: Path, *, control_plane_only: bool, ready: Callable[[], None]) -> int:
    """Serve until told to end; the exit status. Raises OSError, PlaneGone."""
    process = assemble(directory)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.stopping.set())
    plane: Plane = (
        NoPlane(process.engine.hear)
        if control_plane_only
        else ProcessPlane(directory, process.engine.hear, process.plane_gone)
    )
    try:
        if isinstance(plane, ProcessPlane):
            plane.wait_until_ready()
        _begin(process, plane)
        write_cloud_file(directory, _describe(process, plane))
        log.info("ready on port %d", process.port)
        ready()
        threading.Thread(target=_warm_up, daemon=True).start()
        process.stopping.wait()
    finally:
        plane.close()
        (directory / "api.sock").unlink(missing_ok=True)
    return 1 if process.failed.is_set() else 0


def _begin(process: Process, plane: Plane) -> None:
    """Fill the account and start its clock."""
    engine = process.engine
    endpoint = f"http://127.0.0.1:{process.port}"
    firings = Firings(memory=engine.memory, now=_now, endpoint=endpoint, record=engine.record)
    clock = _clock(engine, firings)
    with engine.memory.lock:
        engine.connect(plane, clock.wake)
        engine.seed(account.HOME_REGION)
    clock.start()


def _describe(process: Process, plane: Plane) -> CloudFile:
    plane_pid = plane.pid if isinstance(plane, ProcessPlane) else None
    return CloudFile(
        pid=os.getpid(),
        start_time=start_time_of(os.getpid()) or "",
        port=process.port,
        access_key_id=process.admin.access_key_id,
        secret_access_key=process.admin.secret,
        control_plane_only=plane_pid is None,
        plane_pid=plane_pid,
        plane_start_time=start_time_of(plane_pid) if plane_pid else None,
    )


def _clock(engine: Engine, firings: Firings) -> Clock:
    def next_due() -> datetime | None:
        with engine.memory.lock:
            moments = (firings.next_due(), engine.next_due())
        return min((m for m in moments if m is not None), default=None)

    def work() -> None:
        firings.fire_due()
        with engine.memory.lock:
            engine.tidy()

    return Clock(now=_now, next_due=next_due, work=work)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m spawn.local.control")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--control-plane-only", action="store_true")
    parser.add_argument("--ready-fd", type=int, help="is told the process' id, then 'ready'")
    options = parser.parse_args()

    def tell(line: str) -> None:
        if options.ready_fd is not None:
            os.write(options.ready_fd, f"{line}\n".encode())

    tell(str(os.getpid()))
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("botocore", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        return run(
            options.directory,
            control_plane_only=options.control_plane_only,
            ready=lambda: tell("ready"),
        )
    except PlaneGone as error:
        log.error("%s", error)  # noqa: TRY400 - the message says it all
        return 1


if __name__ == "__main__":
    sys.exit(main())
