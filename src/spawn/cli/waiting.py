"""`--wait`: how far a launched instance has to be before the command is over."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import assert_never

import click

from spawn.aws.ec2 import Instance
from spawn.cli.options import Account, setting
from spawn.cli.rendering.terminal import escape
from spawn.cli.ways import way_to
from spawn.cli.wiring import Wiring
from spawn.connect.boot import BootOutcome, BootState
from spawn.connect.connect import wait_for_ssh
from spawn.connect.patience import Patience, Progress
from spawn.connect.ready import wait_until_ready
from spawn.connect.way import Way
from spawn.core.errors import Interrupted, PartlyDone, SpawnError
from spawn.core.levels import Level
from spawn.launch.apply import Launched
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import LaunchSpec

# User-data that installs software takes minutes; beyond this it is told how to follow it.
READY_WITHIN_SECONDS = 3600.0


class Wait(enum.StrEnum):
    """What is waited for; each one waits for those before it."""

    NO = "no"
    RUNNING = "running"
    SSH = "ssh"
    READY = "ready"


wait_option = click.option(
    "--wait",
    type=click.Choice([each.value for each in Wait]),
    help="How far it has to be: ssh unless said otherwise; ready waits for the user-data.",
)


def default_wait(spec: LaunchSpec, *, has_direct_way: bool) -> Wait:
    """Return what is waited for unless something is asked: SSH, where it is meant to be there.

    Without a public address, or a bastion that is set, only Session Manager would lead there: its
    agent may take minutes to be known, and on many an instance never is.
    """
    has_ssh = spec.agent and spec.security is not Level.STRICT and has_direct_way
    return Wait.SSH if has_ssh else Wait.RUNNING


class Unreached(PartlyDone):
    """An instance runs and can't be reached."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Where instances are waited for, and who is told how it goes."""

    wiring: Wiring
    account: Account
    progress: Progress

    def for_launched(self, launched: Launched, *, asked: Wait | None) -> None:
        """Wait for every instance of a launch, which runs already.

        Without `asked` an instance that can't be reached is told, and is no failure. Raises
        PartlyDone for one that does not get as far as was asked, and for user-data that failed;
        Interrupted where the person has waited for long enough: the instances live on.
        """
        try:
            for arrived in launched.arrived:
                self._for_arrived(launched.plan, arrived.instance, asked)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                f"no longer waiting: {', '.join(launched.ids)} goes on running",
                next_command=f"spawn cancel {' '.join(launched.ids)}",
            ) from stop

    def _for_arrived(self, plan: LaunchPlan, instance: Instance, asked: Wait | None) -> None:
        has_bastion = setting(self.wiring, "bastion") is not None
        has_direct_way = has_bastion or bool(instance.public_ip_address)
        wait = asked or default_wait(plan.spec, has_direct_way=has_direct_way)
        try:
            self._for_one(plan, instance.instance_id, wait)
        except Unreached as error:
            if asked is not None:
                raise
            told = f"{error.what}: {error.why}; try: {error.next_command}"
            self.wiring.say(f"warning: {escape(told)}")

    def _for_one(self, plan: LaunchPlan, instance_id: str, wait: Wait) -> None:
        match wait:
            case Wait.NO | Wait.RUNNING:
                return
            case Wait.SSH:
                self.for_ssh(plan, instance_id)
            case Wait.READY:
                way = self._way_if_any(plan, instance_id)
                self.for_user_data(instance_id, plan.region, way=way)
            case _:
                assert_never(wait)

    def for_ssh(self, plan: LaunchPlan, instance_id: str) -> Way:
        """Wait until the instance lets the person in. Raises Unreached where it does not."""
        self.progress(f"waiting for SSH on {instance_id}")
        try:
            way, patience = self._way(plan, instance_id)
            wait_for_ssh(way, patience=patience, progress=self.progress)
        except SpawnError as error:
            raise Unreached(
                f"{instance_id} runs, and can't be reached yet",
                why=f"{error.what}{error.why and f': {error.why}'}",
                next_command=error.next_command or f"spawn connect {instance_id}",
            ) from error
        self.progress(f"{instance_id} answers on SSH")
        return way

    def _way(self, plan: LaunchPlan, instance_id: str) -> tuple[Way, Patience]:
        return way_to(
            self.wiring,
            self.account,
            instance_id,
            region=plan.region,
            user=plan.login_user,
            progress=self.progress,
        )

    def _way_if_any(self, plan: LaunchPlan, instance_id: str) -> Way | None:
        """Without a way in, the console tells how the boot goes as well, if later."""
        try:
            return self._way(plan, instance_id)[0]
        except SpawnError:
            return None

    def for_user_data(self, instance_id: str, region: str, *, way: Way | None) -> None:
        """Wait until the user-data has run. Raises PartlyDone where it failed, or did not end."""
        clock = self.wiring.clock
        self.progress(f"waiting for the user-data of {instance_id} to end")
        outcome = wait_until_ready(
            instance_id,
            self.account.reader,
            region=region,
            way=way,
            patience=Patience(
                limit_seconds=READY_WITHIN_SECONDS, clock=clock.monotonic, sleep=clock.sleep
            ),
            progress=self.progress,
        )
        if outcome.state is BootState.DONE:
            self.progress(f"{instance_id} is ready: its user-data has run")
            return
        raise PartlyDone(
            f"{instance_id} runs, and {_what_failed(outcome)}",
            why="; ".join(outcome.errors) or outcome.why,
            next_command=f"spawn logs {instance_id}",
        )


def _what_failed(outcome: BootOutcome) -> str:
    if outcome.state is not BootState.FAILED:
        return "its user-data is not known to have ended"
    if outcome.exit_code is None:
        return "its user-data failed"
    return f"its user-data failed with exit code {outcome.exit_code}"
