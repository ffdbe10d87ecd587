"""All that is decided about a launch before it becomes steps: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from spawn.aws.questions import Fact, Unseen
from spawn.aws.ssm import Parameter
from spawn.aws.sts import Identity
from spawn.core.instants import format_instant
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.launch.agent import agent_boothook
from spawn.launch.aws_duties import AwsDuties, choose_aws_duties
from spawn.launch.candidates import Candidates, choose_candidates
from spawn.launch.duties import order_tags, own_duties, pre_stop_time
from spawn.launch.facts import AccountFacts
from spawn.launch.floor import hold_script_to_floor
from spawn.launch.parts import (
    Key,
    Place,
    Rights,
    choose_key,
    choose_place,
    choose_rights,
)
from spawn.launch.rights import owner_of
from spawn.launch.secret_way import Place as SecretsPlace
from spawn.launch.secrets import Secrets, choose_secrets, held_back
from spawn.launch.spec import LaunchSpec
from spawn.launch.ssh_ca import ssh_ca_tags, sshd_orders
from spawn.launch.sshd import root_note
from spawn.launch.userdata import assemble, verbatim
from spawn.lifecycle.backstop import plan_group
from spawn.registry.table import TablePlan, plan_table


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The parts of a launch, each decided.

    tags       those of the instance and of what is made with it
    user_data  the exact bytes, None for none
    has_agent  whether something on the instance ends it
    has_metadata_tags  whether it is told of a later end date
    unseen_organisation  why the organisation's defaults could not be looked at, "" where they were
    """

    launch_id: str
    caller: Identity
    owner: str
    expires_at: datetime
    tags: dict[str, str]
    candidates: Candidates
    place: Place
    key: Key
    rights: Rights
    user_data: bytes | None
    has_agent: bool
    has_metadata_tags: bool
    unseen_organisation: str
    schedule_group: Stage
    table: TablePlan
    aws_duties: AwsDuties
    secrets: Secrets

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know and no control judges."""
        unpowered = "" if self.has_agent else "nothing on the instance ends it: its backstop does"
        is_deaf = self.has_agent and not self.has_metadata_tags
        deaf = "its tags are not in its metadata: a new end date moves its backstop alone"
        image = self.candidates.first.image
        passed_over = self.candidates.passed_over
        notes = (
            *passed_over,
            image.note,
            *self.place.notes,
            unpowered,
            deaf if is_deaf else "",
            root_note(image.login_user) if self.has_agent else "",
            self.table.warning,
            self.unseen_organisation,
            *self.aws_duties.notes,
            *self.secrets.notes,
        )
        return tuple(filter(None, notes))


def decide(
    spec: LaunchSpec, facts: AccountFacts, *, now: datetime, expires_at: datetime, launch_id: str
) -> Decisions:
    """Decide every part. Raises what the parts raise: InputError, AccountError, AccessDenied."""
    caller = facts.caller.identity
    owner = owner_of(spec, caller)
    shared = {
        Tag.SPAWN.value: "true",
        Tag.LAUNCH_ID.value: launch_id,
        Tag.OWNER.value: owner,
        # Not every service says when a thing was made, and cleanup removes only what is old.
        Tag.CREATED_AT.value: format_instant(now),
    }
    candidates = choose_candidates(spec, facts, now=now)
    if facts.script is not None:
        hold_script_to_floor(spec, facts.organisation)
    place = choose_place(spec, facts, candidates.first.choice, tags=shared)
    aws_duties = choose_aws_duties(
        spec,
        facts.aws_duties,
        caller,
        has_public_address=place.public_address,
        tags=shared,
    )
    tags = spec.tags | shared | _own_tags(spec, expires_at) | {**aws_duties.tags}
    key = choose_key(spec, facts, tags=shared)
    secrets = _secrets(spec, facts, candidates, key)
    boothook = _boothook(
        spec,
        facts,
        candidates,
        tags=tags,
        duties=aws_duties,
        secrets=secrets,
        life=(now, expires_at),
    )
    return Decisions(
        launch_id=launch_id,
        caller=caller,
        owner=owner,
        expires_at=expires_at,
        tags=tags,
        candidates=candidates,
        place=place,
        key=key,
        rights=choose_rights(spec, facts, tags=shared),
        user_data=_user_data(spec, boothook, aws_duties.user_data or spec.user_data),
        has_agent=spec.agent,
        has_metadata_tags=spec.metadata.instance_metadata_tags == "enabled",
        unseen_organisation=_unseen(facts.organisation),
        schedule_group=plan_group(facts.schedule_group, region=spec.region, tags=shared),
        table=plan_table(facts.table, region=spec.region, tags=shared),
        aws_duties=aws_duties,
        secrets=secrets,
    )


def _boothook(
    spec: LaunchSpec,
    facts: AccountFacts,
    candidates: Candidates,
    *,
    tags: Mapping[str, str],
    duties: AwsDuties,
    secrets: Secrets,
    life: tuple[datetime, datetime],
) -> bytes:
    """Return what brings the agent; `life` is from when to when."""
    caller = facts.caller.identity
    has_gpu = any(candidate.has_gpu for candidate in candidates.found)
    all_duties = own_duties(spec, has_gpu=has_gpu) | {**duties.duties}
    now, expires_at = life
    return agent_boothook(
        facts.agent,
        tags,
        now=now,
        expires_at=expires_at,
        duties=all_duties,
        pre_stop=pre_stop_time(spec, all_duties),
        programs=duties.programs,
        sshd=sshd_orders(
            spec,
            login_user=candidates.first.image.login_user,
            owner=owner_of(spec, caller),
            caller_owner=caller.owner,
        ),
        secrets=secrets.orders,
    )


def _secrets(spec: LaunchSpec, facts: AccountFacts, candidates: Candidates, key: Key) -> Secrets:
    place = SecretsPlace(
        choice=candidates.first.choice,
        vpcs=facts.network.vpcs,
        login_user=candidates.first.image.login_user,
        has_key_pair=key.name is not None,
    )
    return choose_secrets(spec, facts.secrets, facts.caller.identity, place=place)


def _unseen(organisation: Fact[Parameter]) -> str:
    if not isinstance(organisation, Unseen):
        return ""
    return f"whether your organisation has defaults can't be seen: {organisation.operation} denied"


def _own_tags(spec: LaunchSpec, expires_at: datetime) -> dict[str, str]:
    tags = {
        Tag.EXPIRES_AT.value: format_instant(expires_at),
        Tag.SECURITY.value: spec.security.value,
    } | {**order_tags(spec), **ssh_ca_tags(spec)}
    return tags if spec.name is None else tags | {Tag.NAME.value: spec.name}


def _user_data(spec: LaunchSpec, boothook: bytes, persons: bytes | None) -> bytes | None:
    if spec.agent:
        return assemble(boothook, held_back(spec, persons), flag="--user-data")
    return None if persons is None else verbatim(persons, flag="--user-data")
