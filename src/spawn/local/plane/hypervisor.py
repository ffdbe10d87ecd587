"""Forks instances, ends them, and says how they ended. A process of its own, with one thread.

It has imported all that an instance's first process and SSH server need, so that a boot is a
fork: it takes no time and shares the memory.
"""

from __future__ import annotations

import os
import pty
import selectors
import signal
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec

from spawn.local.plane import init, kernel, rootfs
from spawn.local.plane.messages import (
    PACKET_LIMIT_BYTES,
    Boot,
    ConsoleOpened,
    End,
    Exited,
    Failed,
    Listening,
    Order,
    Report,
    Wipe,
)

_NETWORKS = Path("/run/netns")  # where iproute2 keeps network namespaces by name
_STATUS_LIMIT_BYTES = 4096
_STATUS_DESCRIPTOR = 3  # of an instance's first process, until it is up


@dataclass(frozen=True)
class _Running:
    instance_id: str
    boot: int
    status: int  # where its first process says that it is up, or why not
    console: int  # kept open, so that the console outlives whoever writes to it last


def run_hypervisor(connection: socket.socket) -> None:
    """Take orders from a packet socket until it closes. The instances end with this process."""
    _Hypervisor(connection).run()


class _Hypervisor:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._running: dict[int, _Running] = {}  # by process id
        self._own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self._selector = selectors.DefaultSelector()
        self._orders = msgspec.json.Decoder(Order)

    def run(self) -> None:
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(waker)
        self._selector.register(woken, selectors.EVENT_READ, lambda: self._reap(woken))
        self._selector.register(self._connection, selectors.EVENT_READ, self._obey)
        while True:
            for key, _ in self._selector.select():
                handle: Callable[[], None] = key.data
                handle()

    def _obey(self) -> None:
        packet = self._connection.recv(PACKET_LIMIT_BYTES)
        if not packet:
            os._exit(0)
        match self._orders.decode(packet):
            case Boot() as order:
                self._boot(order)
            case End(instance_id=instance_id, by_force=by_force):
                number = signal.SIGKILL if by_force else signal.SIGTERM
                for process_id, running in self._running.items():
                    if running.instance_id == instance_id:
                        os.kill(process_id, number)
            case Wipe(instance_id=instance_id):
                self._wipe(instance_id)

    def _wipe(self, instance_id: str) -> None:
        try:
            rootfs.wipe_disk(rootfs.disk_of(instance_id))
        except OSError as error:
            self._report(Failed(instance_id=instance_id, message=f"its disk stays: {error}"))

    def _boot(self, order: Boot) -> None:
        disk = rootfs.disk_of(order.instance_id)
        try:
            if not disk.exists():
                rootfs.make_disk(disk)
            far_console, console = pty.openpty()
            status, init_status = os.pipe2(os.O_CLOEXEC)
            process_id = self._fork_first_process(order, disk, console, init_status)
        except OSError as error:
            self._report(Failed(instance_id=order.instance_id, message=f"no boot: {error}"))
            self._report(_exit_of(order.instance_id, order.boot, 1))
            return
        os.close(init_status)
        packet = msgspec.json.encode(ConsoleOpened(instance_id=order.instance_id))
        socket.send_fds(self._connection, [packet], [far_console])
        os.close(far_console)
        self._running[process_id] = _Running(order.instance_id, order.boot, status, console)
        self._selector.register(status, selectors.EVENT_READ, lambda: self._hear(process_id))

    def _fork_first_process(self, order: Boot, disk: Path, console: int, status: int) -> int:
        # The new process namespace is for the next child; afterwards children are our own again.
        kernel.unshare(kernel.CLONE_NEWPID)
        process_id = os.fork()
        if process_id == 0:
            _become_first_process(order, disk, console, status)
        kernel.enter_namespace(self._own_processes, kernel.CLONE_NEWPID)
        return process_id

    def _hear(self, process_id: int) -> None:
        """An instance's first process is up, or has failed on the way."""
        running = self._running[process_id]
        text = os.read(running.status, _STATUS_LIMIT_BYTES).decode()
        self._selector.unregister(running.status)
        os.close(running.status)
        if text == init.UP:
            self._report(Listening(instance_id=running.instance_id, boot=running.boot))
        elif text:
            self._report(Failed(instance_id=running.instance_id, message=text))

    def _reap(self, woken: int) -> None:
        os.read(woken, 4096)
        while True:
            try:
                process_id, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process_id == 0:
                return
            if process_id in self._running:
                self._bury(process_id, os.waitstatus_to_exitcode(status))

    def _bury(self, process_id: int, exit_code: int) -> None:
        running = self._running[process_id]
        if running.status in self._selector.get_map():
            self._hear(process_id)
        del self._running[process_id]
        os.close(running.console)
        self._report(_exit_of(running.instance_id, running.boot, exit_code))

    def _report(self, report: Report) -> None:
        self._connection.send(msgspec.json.encode(report))


def _exit_of(instance_id: str, boot: int, exit_code: int) -> Exited:
    return Exited(instance_id=instance_id, boot=boot, exit_code=exit_code)


def _become_first_process(order: Boot, disk: Path, console: int, status: int) -> NoReturn:
    """In the forked child: enter the instance's namespaces and root, and be its init."""
    exit_code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for descriptor in (0, 1, 2):
            os.dup2(console, descriptor)
        os.dup2(status, _STATUS_DESCRIPTOR, inheritable=False)
        os.closerange(_STATUS_DESCRIPTOR + 1, os.sysconf("SC_OPEN_MAX"))
        _enter_namespaces(order.instance_id)
        rootfs.enter(disk, os.ttyname(0))
        init.run_init(order, _STATUS_DESCRIPTOR)
        exit_code = 0
    except Exception as error:  # noqa: BLE001 - the outermost border of the instance's first process
        traceback.print_exc()
        os.write(_STATUS_DESCRIPTOR, f"no boot: {error}".encode())
    finally:
        os._exit(exit_code)


def _enter_namespaces(instance_id: str) -> None:
    network = os.open(_NETWORKS / instance_id, os.O_RDONLY)
    kernel.enter_namespace(network, kernel.CLONE_NEWNET)
    os.close(network)
    kernel.unshare(
        kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWCGROUP
    )
    # iproute2 shares its directory of networks between mount namespaces: without this, dropping
    # the old root here would drop the networks of all instances.
    kernel.mount("none", Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
