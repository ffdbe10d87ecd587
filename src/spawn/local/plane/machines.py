"""Keeps the instances in line with the world: hears of wishes and of deeds, acts on the difference.

All methods are called from one event loop and never wait, so that each sees a whole state.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
import socket
from collections.abc import Callable

import msgspec

from spawn.local.plane.console import ConsoleFiles
from spawn.local.plane.image import software_of
from spawn.local.plane.messages import (
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
from spawn.local.plane.metadata import private_dns_name
from spawn.local.plane.reconcile import Action, Machine, Phase, ending_of, next_action
from spawn.local.plane.router import NetworkError, Router
from spawn.local.plane.ruleset import API_ADDRESS
from spawn.local.world import (
    Booted,
    DesiredState,
    Ended,
    Ending,
    Event,
    Instance,
    Trouble,
    World,
)

# An instance that has not ended by itself after this is killed; its own limit is shorter.
_FORCE_AFTER_SECONDS = 5.0
_CHUNK_BYTES = 64 * 1024


class Machines:
    """All instances of the world and what became of them."""

    def __init__(
        self,
        router: Router,
        consoles: ConsoleFiles,
        hypervisor: socket.socket,
        *,
        tell: Callable[[Event], None],
    ) -> None:
        self._router = router
        self._consoles = consoles
        self._hypervisor = hypervisor
        self._tell = tell
        self._reports = msgspec.json.Decoder(Report)
        self._machines: dict[str, Machine] = {}
        self._wanted: dict[str, Instance] = {}
        # As each was when it last was to run: what one that is ending still has.
        self._live: dict[str, Instance] = {}
        self._by_address: dict[str, Instance] = {}
        self._screens: dict[str, int] = {}
        self._past: set[str] = set()  # instances of which only the console is left
        self._ended: frozenset[str] = frozenset()  # those of them that may still be asked about
        self.caller_address = ""

    def find_by_address(self, address: str) -> Instance | None:
        """The running instance that owns a private address."""
        return self._by_address.get(address)

    def apply(self, world: World) -> None:
        """Take over a new world and begin what it asks for."""
        self.caller_address = world.caller_address
        self._ended = frozenset(world.ended)
        self._wanted = {each.instance_id: each for each in world.instances}
        for instance_id, instance in self._wanted.items():
            self._machines.setdefault(instance_id, Machine())
            if instance.state is DesiredState.RUNNING:
                self._live[instance_id] = instance
        for instance_id in self._screens:
            self._listen(instance_id)
        self._settle()

    def _settle(self) -> None:
        """Begin what is due for every instance; packets are judged before anything starts."""
        booting = []
        for instance_id, machine in list(self._machines.items()):
            match next_action(self._wanted.get(instance_id), machine):
                case Action.BOOT:
                    booting.append(instance_id)
                case Action.END:
                    self._end(instance_id)
                case Action.WIPE:
                    self._wipe(instance_id)
                case Action.FORGET:
                    self._forget(instance_id)
                case Action.NOTHING if machine.phase is Phase.ON:
                    self._update_links(instance_id)
                case Action.NOTHING:
                    pass
        connected = [each for each in booting if self._connect(each)]
        self._judge()
        for instance_id in connected:
            self._order(self._boot_order(self._live[instance_id]))
        self._forget_consoles()

    def _order(self, order: Order) -> None:
        self._hypervisor.send(msgspec.json.encode(order))

    def _connect(self, instance_id: str) -> bool:
        """Give an instance its network before its boot; say so and give up where that fails."""
        instance = self._live[instance_id]
        self._machines[instance_id] = dataclasses.replace(
            self._machines[instance_id], boot=instance.boot, restarts=False
        )
        try:
            self._refuse_taken_addresses(instance)
            self._router.attach(instance)
        except NetworkError as error:
            self._tell(Trouble(instance_id=instance_id, message=str(error)))
            self._tell(_ended(instance, Ending.CRASHED))
            return False
        self._machines[instance_id] = dataclasses.replace(
            self._machines[instance_id], phase=Phase.ON, has_disk=True
        )
        self._index_addresses()
        return True

    def _refuse_taken_addresses(self, instance: Instance) -> None:
        for interface in instance.interfaces:
            owner = self._by_address.get(interface.private_ip)
            if owner is not None and owner.instance_id != instance.instance_id:
                raise NetworkError(
                    f"{interface.private_ip} belongs to {owner.instance_id}: the embedded cloud"
                    " can't run two instances with one private address, in other VPCs neither"
                )

    def _update_links(self, instance_id: str) -> None:
        try:
            self._router.update(self._live[instance_id])
        except NetworkError as error:
            self._tell(Trouble(instance_id=instance_id, message=str(error)))

    def _in_use(self) -> list[Instance]:
        return [
            self._live[instance_id]
            for instance_id, machine in self._machines.items()
            if machine.phase is not Phase.OFF
        ]

    def _index_addresses(self) -> None:
        self._by_address = {
            interface.private_ip: instance
            for instance in self._in_use()
            for interface in instance.interfaces
        }

    def _judge(self) -> None:
        self._index_addresses()
        interfaces = [each for instance in self._in_use() for each in instance.interfaces]
        try:
            self._router.judge(interfaces)
        except NetworkError as error:
            self._tell(Trouble(instance_id=None, message=str(error)))

    def _boot_order(self, instance: Instance) -> Boot:
        # User-data and keys come by way of metadata: an instance without it has neither.
        has_metadata = instance.metadata.http_endpoint == "enabled" and not instance.metadata_fails
        user_data = base64.b64decode(instance.user_data or "") if has_metadata else None
        keys = tuple(line for _, line in instance.public_keys) if has_metadata else ()
        return Boot(
            instance_id=instance.instance_id,
            boot=instance.boot,
            hostname=private_dns_name(instance).partition(".")[0],
            environment={
                "AWS_ENDPOINT_URL": f"http://{API_ADDRESS}",
                "AWS_REGION": instance.region,
                "AWS_DEFAULT_REGION": instance.region,
            },
            user_data=user_data,
            public_keys=keys,
            software=software_of(instance.image_owner, instance.image_name),
        )

    def _end(self, instance_id: str) -> None:
        self._machines[instance_id] = dataclasses.replace(
            self._machines[instance_id], phase=Phase.ENDING
        )
        self._order(End(instance_id=instance_id, by_force=False))
        boot = self._machines[instance_id].boot
        asyncio.get_running_loop().call_later(_FORCE_AFTER_SECONDS, self._force, instance_id, boot)

    def _force(self, instance_id: str, boot: int) -> None:
        machine = self._machines.get(instance_id)
        if machine is not None and (machine.phase, machine.boot) == (Phase.ENDING, boot):
            self._order(End(instance_id=instance_id, by_force=True))

    def _wipe(self, instance_id: str) -> None:
        self._machines[instance_id] = dataclasses.replace(
            self._machines[instance_id], has_disk=False
        )
        self._order(Wipe(instance_id=instance_id))

    def _forget(self, instance_id: str) -> None:
        if self._machines.pop(instance_id).has_disk:
            self._order(Wipe(instance_id=instance_id))
        self._live.pop(instance_id, None)
        self._past.add(instance_id)

    def _forget_consoles(self) -> None:
        for instance_id in self._past - self._ended:
            self._consoles.forget(instance_id)
        self._past &= self._ended

    def hear(self, packet: bytes, descriptors: list[int]) -> None:
        """Take in a report of the hypervisor, with the descriptors that came along."""
        match self._reports.decode(packet):
            case ConsoleOpened(instance_id=instance_id):
                self._watch_console(instance_id, descriptors[0])
            case Listening(instance_id=instance_id, boot=boot):
                self._tell(Booted(instance_id=instance_id, boot=boot))
            case Failed(instance_id=instance_id, message=message):
                self._tell(Trouble(instance_id=instance_id, message=message))
            case Exited() as report:
                self._bury(report)

    def _bury(self, report: Exited) -> None:
        instance_id = report.instance_id
        self._read_console(instance_id)
        machine = self._machines[instance_id]
        ending = ending_of(report.exit_code, machine)
        self._machines[instance_id] = dataclasses.replace(
            self._machines[instance_id], phase=Phase.OFF, restarts=ending is Ending.REBOOT
        )
        self._router.detach(instance_id)
        self._tell(Ended(instance_id=instance_id, boot=report.boot, ending=ending))
        self._settle()

    def _watch_console(self, instance_id: str, screen: int) -> None:
        os.set_blocking(screen, False)
        self._screens[instance_id] = screen
        self._listen(instance_id)

    def _listen(self, instance_id: str) -> None:
        """Take in what is written to a console, unless it is to stall."""
        screen, loop = self._screens[instance_id], asyncio.get_running_loop()
        if self._live[instance_id].console_stalls:
            loop.remove_reader(screen)
        else:
            loop.add_reader(screen, self._read_console, instance_id)

    def _read_console(self, instance_id: str) -> None:
        """Keep all that has been written to a console; close it when nobody can write any more."""
        screen = self._screens.get(instance_id)
        while screen is not None:
            try:
                text = os.read(screen, _CHUNK_BYTES)
            except BlockingIOError:
                return
            except OSError:  # EIO: the other side is closed
                text = b""
            if not text:
                asyncio.get_running_loop().remove_reader(screen)
                os.close(self._screens.pop(instance_id))
                return
            self._consoles.append(instance_id, text)


def _ended(instance: Instance, ending: Ending) -> Ended:
    return Ended(instance_id=instance.instance_id, boot=instance.boot, ending=ending)
