"""Applies network commands and rules: the thin edge around `network` and `ruleset`."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from spawn.local.plane import kernel, network, ruleset
from spawn.local.world import Instance, Interface

_NETWORKS = Path("/run/netns")
_COMMAND_LIMIT_SECONDS = 30.0


class NetworkError(Exception):
    """iproute2 or nftables refused a command; the text is theirs."""


class Router:
    """The router and the outside of the world, made anew by the constructor.

    Every method raises NetworkError where the system refuses.
    """

    def __init__(self) -> None:
        self._rules = ""
        self._epochs: dict[str, ruleset.Epoch] = {}
        self._public: frozenset[str] = frozenset()
        self._attached: dict[str, tuple[Interface, ...]] = {}  # by instance id
        _write_settings(network.ROUTER_SETTINGS)
        _run_ip(network.router_commands((ruleset.METADATA_ADDRESS, ruleset.API_ADDRESS)))
        self._here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self._outside = os.open(_NETWORKS / network.INTERNET, os.O_RDONLY)
        self._enter(self._outside)
        try:
            _write_settings(network.INTERNET_SETTINGS)
            _run_ip(network.internet_commands())
        finally:
            self._enter(self._here)
        _run_ip(network.default_route_commands())
        # From the first packet on: until rules are in force, everything would be forwarded.
        self.judge(())

    def _enter(self, descriptor: int) -> None:
        kernel.enter_namespace(descriptor, kernel.CLONE_NEWNET)

    def open_outside_socket(self) -> socket.socket:
        """A TCP socket of the outside: it belongs there for good, whoever uses it."""
        self._enter(self._outside)
        try:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            self._enter(self._here)

    def attach(self, instance: Instance) -> None:
        """Make an instance's network, afresh where there is one from an earlier boot."""
        self.detach(instance.instance_id)
        _run_ip(network.namespace_commands(instance.instance_id))
        self._attached[instance.instance_id] = ()
        for interface in instance.interfaces:
            self._add(instance.instance_id, interface)

    def update(self, instance: Instance) -> None:
        """Bring a running instance's links in line with its interfaces."""
        instance_id = instance.instance_id
        wanted = {each.interface_id for each in instance.interfaces}
        present = self._attached.get(instance_id, ())
        for gone in (each for each in present if each.interface_id not in wanted):
            _run_ip(network.detach_commands(gone))
        self._attached[instance_id] = tuple(each for each in present if each.interface_id in wanted)
        known = {each.interface_id for each in present}
        for interface in instance.interfaces:
            if interface.interface_id not in known:
                self._add(instance_id, interface)

    def _add(self, instance_id: str, interface: Interface) -> None:
        present = self._attached[instance_id]
        index = len(present)
        self._attached[instance_id] = (*present, interface)
        _run_ip(network.attach_commands(instance_id, interface, index=index))
        _run_ip(network.configure_commands(interface, index=index), within=instance_id)

    def detach(self, instance_id: str) -> None:
        """Take an instance's network away; nothing of it may run any more."""
        if instance_id not in self._attached:
            return
        for interface in self._attached.pop(instance_id):
            _run_ip(network.detach_commands(interface), forgiving=True)
        _run_ip([f"netns delete {instance_id}"], forgiving=True)

    def judge(self, interfaces: Sequence[Interface]) -> None:
        """Put the rules of exactly these interfaces in force, in one transaction."""
        self._epochs = ruleset.next_epochs(self._epochs, interfaces)
        rules = ruleset.render(interfaces, self._epochs)
        if rules != self._rules:
            _run(["nft", "-f", "-"], rules)
            self._rules = rules
        public = frozenset(each.public_ip for each in interfaces if each.public_ip)
        if public != self._public:
            commands = network.public_route_commands(self._public, public)
            _run_ip(commands, within=network.INTERNET)
            self._public = public


def _write_settings(settings: dict[str, str]) -> None:
    for name, value in settings.items():
        path = Path("/proc/sys") / name
        if path.exists():  # a kernel without IPv6 has no switch to turn it off
            path.write_text(value)


def _run_ip(commands: Sequence[str], *, within: str | None = None, forgiving: bool = False) -> None:
    place = [] if within is None else ["-n", within]
    force = ["-force"] if forgiving else []
    try:
        _run(["ip", *place, *force, "-batch", "-"], "\n".join(commands) + "\n")
    except NetworkError:
        if not forgiving:
            raise


def _run(command: Sequence[str], text: str) -> None:
    try:
        result = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=_COMMAND_LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NetworkError(f"{command[0]}: {error}") from error
    if result.returncode != 0:
        raise NetworkError(f"{command[0]}: {result.stderr.strip()}")
