"""The data plane as the control plane sees it: worlds go out, events come back.

`ProcessPlane` is the real one, a child process on a socket pair. `NoPlane` stands for it in a
cloud of the control plane alone: there instances have states but no processes.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from spawn.local.world import Booted, DesiredState, Ended, Ending, Event, Ready, World

log = logging.getLogger(__name__)

READY_SECONDS = 20.0  # a loaded machine; a quiet one takes well under a second
END_SECONDS = 10.0
OnEvent = Callable[[Event], None]


class Plane(Protocol):
    """What the control plane needs of a data plane."""

    def send(self, world: World) -> None:
        """Make the plane know a world; returns once it is on its way. Raises PlaneGone."""

    def close(self) -> None:
        """End the plane and everything in it, and wait for that."""


class PlaneGone(Exception):
    """The data plane ended, or never began; the text says what is known."""


class NoPlane:
    """Does at once what it is asked: for clouds without instances that run."""

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._seen: dict[str, tuple[int, DesiredState]] = {}

    def send(self, world: World) -> None:
        """Answer each change from a thread of its own, as a process would."""
        events: list[Event] = []
        for instance in world.instances:
            wanted = (instance.boot, instance.state)
            if self._seen.get(instance.instance_id) == wanted:
                continue
            self._seen[instance.instance_id] = wanted
            events.append(self._event(instance.instance_id, instance.boot, instance.state))
        if events:
            threading.Thread(target=self._report, args=(events,), daemon=True).start()

    @staticmethod
    def _event(instance_id: str, boot: int, state: DesiredState) -> Event:
        if state is DesiredState.RUNNING:
            return Booted(instance_id=instance_id, boot=boot)
        return Ended(instance_id=instance_id, boot=boot, ending=Ending.ORDERED)

    def _report(self, events: list[Event]) -> None:
        for event in events:
            self._on_event(event)

    def close(self) -> None:
        """Nothing to end."""


class ProcessPlane:
    """The data plane's process. Its end is an event too: `on_gone` is called with what is known."""

    def __init__(self, directory: Path, on_event: OnEvent, on_gone: Callable[[str], None]) -> None:
        self._on_event = on_event
        self._on_gone = on_gone
        self._ready = threading.Event()
        self._closing = False
        self._socket, theirs = socket.socketpair()
        with theirs, (directory / "plane.log").open("ab") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "spawn.local.plane",
                    "--directory",
                    str(directory),
                    "--fd",
                    str(theirs.fileno()),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process in the host's numbering."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Raises PlaneGone when the plane has not said Ready in time."""
        if not self._ready.wait(READY_SECONDS) or self._process.poll() is not None:
            raise PlaneGone(f"the data plane did not begin: see plane.log ({self._status()})")

    def send(self, world: World) -> None:
        """One line of JSON. Raises PlaneGone."""
        try:
            self._socket.sendall(msgspec.json.encode(world) + b"\n")
        except OSError as error:
            raise PlaneGone(f"the data plane is gone ({self._status()})") from error

    def close(self) -> None:
        """Hang up, which ends the plane and all in it; kill what does not go."""
        self._closing = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the data plane had hung up already")
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._socket.close()

    def _status(self) -> str:
        code = self._process.poll()
        return "still running" if code is None else f"exit status {code}"

    def _read(self) -> None:
        decoder = msgspec.json.Decoder(Event)
        with self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    self._take(decoder.decode(line))
            except (OSError, msgspec.MsgspecError):
                log.exception("the data plane's words broke off")
        self._ready.set()
        if not self._closing:
            self._process.wait(END_SECONDS)
            self._on_gone(self._status())

    def _take(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._ready.set()
        try:
            self._on_event(event)
        except Exception:  # this thread's outermost border: one bad event must not deafen it
            log.exception("an event could not be taken in: %s", event)
