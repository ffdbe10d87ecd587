"""Performs authorised calls on the account, and keeps the data plane's world up to date.

Everything here runs under the memory's lock, so that each call is one step: performed, shown to
the data plane, answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.core.exceptions import ServiceException

from spawn.local.control import account, images, network, role_credentials
from spawn.local.control.buckets import check_owner
from spawn.local.control.duty import Duty
from spawn.local.control.handlers import CHECKED, FOLLOWED, PERFORMED, TELLS_DRY_RUN
from spawn.local.control.instance_connect import end_of, live_keys
from spawn.local.control.instances import (
    forget_the_long_gone,
    instance_booted,
    instance_ended,
    shown_until,
)
from spawn.local.control.memory import Memory
from spawn.local.control.messages import AwsError, Request, Response, dry_run_succeeded
from spawn.local.control.moto_app import MotoApp
from spawn.local.control.operations import Call
from spawn.local.control.plane_link import Plane
from spawn.local.control.principals import Principal
from spawn.local.control.protocol import render_result
from spawn.local.control.snapshot import snapshot
from spawn.local.control.states import LAUNCHED, State
from spawn.local.control.trail.delivery import deliver
from spawn.local.control.trail.identity import Caller
from spawn.local.world import Booted, Ended, Event, Ready, Trouble

log = logging.getLogger(__name__)

SEEDED_SERVICES = frozenset({"ec2", "ssm", "kms", "autoscaling"})
TROUBLES_KEPT = 50


class Engine:
    """The account in motion. `memory` holds what moto does not."""

    def __init__(
        self,
        *,
        memory: Memory,
        moto: MotoApp,
        now: Callable[[], datetime],
        console: Path,
    ) -> None:
        self.memory = memory
        self.now = now
        self._moto = moto
        self._console = console
        self._plane: Plane | None = None
        self._generation = 0
        self._shown: object = None  # all of the last world but its generation
        self._on_change: Callable[[], None] = lambda: None

    def connect(self, plane: Plane, on_change: Callable[[], None]) -> None:
        """Where worlds go, and whom to tell of every change."""
        self._plane = plane
        self._on_change = on_change

    def seed(self, region: str) -> None:
        """Give a region what every account finds in it, the first time it is spoken to."""
        if region in self.memory.seeded_regions or region not in account.regions():
            return
        self.memory.seeded_regions.add(region)
        images.put_images(region, self.now())
        network.complete_default_network(region)

    def perform(self, request: Request, call: Call, principal: Principal) -> Response:
        """The answer to an authorised call. Raises AwsError."""
        if call.service in SEEDED_SERVICES:
            self.seed(call.region)
        duty = Duty(
            call=call,
            principal=principal,
            memory=self.memory,
            now=self.now(),
            console=self._console,
        )
        try:
            response = self._answer(request, duty)
            if response.status < 400 and call.name in FOLLOWED:
                FOLLOWED[call.name](duty)
        except ServiceException as error:  # moto's, from a backend that a handler called
            raise AwsError(error.code, error.message) from error
        finally:
            if not call.is_read:  # one that fails may have done a part
                self.publish()
        return response

    def _answer(self, request: Request, duty: Duty) -> Response:
        call = duty.call
        check_owner(request, call)
        if call.name in CHECKED:
            CHECKED[call.name](duty)
        is_dry_run = call.protocol == "ec2" and bool(call.parameters.get("DryRun"))
        if is_dry_run and call.name not in TELLS_DRY_RUN:
            raise dry_run_succeeded()
        handler = PERFORMED.get(call.name)
        result = handler(duty) if handler else None
        if result is not None:
            return render_result(call, result)
        return self._moto.answer(request, call, duty.principal.credentials.access_key_id)

    def record(self, call: Call, caller: Caller, response: Response | None) -> None:
        """Keep a call for CloudTrail; wake the clock where the first log file is to be written."""
        had_due = self.memory.history.next_due() is not None
        self.memory.history.record(call, caller, response, now=self.now())
        if not had_due and self.memory.history.next_due() is not None:
            self._on_change()

    def publish(self) -> None:
        """Show the data plane the world as it is now, where that has changed."""
        self._adopt_strangers()
        self._renew_credentials()
        world = snapshot(
            account.ec2_regions_in_use(),
            generation=self._generation + 1,
            lives=self.memory.lives,
            ended=self.memory.ended_at,
            credentials=self.memory.credentials,
            ssh_keys=self.memory.ssh_keys,
            switches=self.memory.switches,
        )
        shown = (world.instances, world.ended, world.caller_address)
        if shown != self._shown and self._plane is not None:
            self._shown, self._generation = shown, world.generation
            self._plane.send(world)
        self._on_change()

    def _adopt_strangers(self) -> None:
        """Instances that moto made by itself, for a fleet or a group, get a life too."""
        for region, backend in account.ec2_regions_in_use():
            for instance in account.instances_of(backend):
                if instance.id not in self.memory.lives:
                    self.memory.lives[instance.id] = LAUNCHED
                    self.memory.regions[instance.id] = region

    def _renew_credentials(self) -> None:
        for instance in self._living():
            assignment = role_credentials.assignment_of(instance)
            known = self.memory.credentials.get(instance.id)
            if assignment is None:
                self.memory.credentials.pop(instance.id, None)
            elif known is None or not role_credentials.is_current(known, assignment, self.now()):
                minted = role_credentials.mint(instance, assignment, self.now())
                self.memory.credentials[instance.id] = minted
                self.record(*role_credentials.taken(instance, assignment), None)

    def _living(self) -> list[Any]:
        return [
            instance
            for _, backend in account.ec2_regions_in_use()
            for instance in account.instances_of(backend)
            if self.memory.lives[instance.id].state is not State.TERMINATED
        ]

    def hear(self, event: Event) -> None:
        """Take in what the data plane says. Takes the lock itself: it comes from elsewhere."""
        with self.memory.lock:
            match event:
                case Booted(instance_id=instance_id, boot=boot):
                    instance_booted(instance_id, boot, self.memory, self.now())
                case Ended(instance_id=instance_id, boot=boot, ending=ending):
                    instance_ended(instance_id, boot, ending, memory=self.memory, now=self.now())
                case Trouble(instance_id=instance_id, message=message):
                    log.warning("data plane: %s: %s", instance_id or "-", message)
                    self.memory.troubles.append(f"{instance_id or 'data plane'}: {message}")
                    del self.memory.troubles[:-TROUBLES_KEPT]
                case Ready():
                    log.info("the data plane is ready")
            self.publish()

    def public_ip(self, instance_id: str) -> str | None:
        """The public address of an instance, where it has one."""
        region = self.memory.regions.get(instance_id)
        instance = account.find_instance(instance_id, region) if region else None
        return str(instance.public_ip) if instance and instance.public_ip else None

    def reset(self) -> None:
        """An empty account again; instances end, since the new world holds none."""
        account.forget_everything()
        self.memory.clear()
        self.seed(account.HOME_REGION)
        self.publish()

    def tidy(self) -> None:
        """What time alone brings: the old goes, credentials are renewed, log files are written."""
        forget_the_long_gone(self.memory, self.now())
        self.memory.ssh_keys = live_keys(self.memory.ssh_keys, self.now())
        deliver(self.memory.history, self.now())
        self.publish()

    def next_due(self) -> datetime | None:
        """When `tidy` has something to do next."""
        moments = [
            role_credentials.expiration(c) - role_credentials.RENEWED_BEFORE
            for c in self.memory.credentials.values()
        ]
        moments += [shown_until(ended) for ended in self.memory.ended_at.values()]
        moments += [end_of(key) for keys in self.memory.ssh_keys.values() for key in keys]
        delivery = self.memory.history.next_due()
        return min([*moments, *([delivery] if delivery else [])], default=None)
