"""Spec and facts into a plan: pure.

1. The spec is checked for what can't be meant.
2. Each room decides its part: image, place, key, rights, disks (`parts`).
3. The parts become steps: shared things first (made or completed, never changed), then
   RunInstances with its alternatives, then backstop and record side by side (`staging`).
4. The plan's posture is judged; what the level refuses is refused here, before anything is done.

The same spec, facts, time and id give the same plan, to the byte: that is how a saved plan is
recognised when it is applied.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from spawn.core.steps import Stage, Step
from spawn.launch.checks import check_spec, ttl_of
from spawn.launch.decisions import decide
from spawn.launch.facts import AccountFacts
from spawn.launch.planned_posture import planned_posture
from spawn.launch.spec import LaunchSpec
from spawn.launch.staging import launch_record, prepare_stages, run_step, secure_stage
from spawn.launch.summary import summary_of
from spawn.posture.levels import Finding, Waiver, check_waivers, judge, make_waiver, refuse
from spawn.posture.model import Posture
from spawn.prices.limit import check_max_cost

FORMAT = 1


class LaunchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One launch, decided: what will be asked of AWS, in which order, and what comes of it.

    prepare   shared things, made or completed: stages, performed before `run`
    run       RunInstances, with its alternatives
    secure    the backstop and the record, performed at once when `run` is done
    record    what the registry will remember, as JSON
    summary   the plan in words: pairs of a subject and what was decided about it
    notes     what the person should know and no control judges
    """

    format: int = FORMAT
    launch_id: str
    created_at: datetime
    account: str
    partition: str
    region: str
    caller: str
    owner: str
    spec: LaunchSpec
    expires_at: datetime
    login_user: str | None
    prepare: tuple[Stage, ...]
    run: Step
    secure: Stage
    posture: Posture
    findings: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]
    record: msgspec.Raw
    summary: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of what is asked for and what will be asked of AWS."""
        return _digest((self.spec, self.prepare, self.run))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step in the order of its stage."""
        return tuple(step for stage in (*self.prepare, (self.run,), self.secure) for step in stage)

    @property
    def client_tokens(self) -> dict[str, tuple[str, ...]]:
        """The tokens that make requests safe to repeat, by operation.

        One that holds an instance's id is not known before the instance is, and goes without.
        """
        tokens: dict[str, tuple[str, ...]] = {}
        for step in self.steps:
            choices = (step.parameters, *(choice.parameters for choice in step.alternatives))
            tokens_of_step = (each.get("ClientToken") for each in choices)
            found = tuple(token for token in tokens_of_step if isinstance(token, str))
            if found:
                tokens[step.operation] = tokens.get(step.operation, ()) + found
        return tokens


def make_plan(
    spec: LaunchSpec, facts: AccountFacts, *, now: datetime, launch_id: str
) -> LaunchPlan:
    """Return the plan of a launch.

    Raises InputError and NamedThingNotFound for what was asked wrongly, AccountError for what the
    account lacks, and RefusedByControl for what its security level refuses.
    """
    check_spec(spec)
    now = now.replace(microsecond=0)
    expires_at = now + ttl_of(spec)
    made = decide(spec, facts, now=now, expires_at=expires_at, launch_id=launch_id)
    posture = planned_posture(spec, made, now=now)
    waivers = tuple(
        make_waiver(one.control, reason=one.reason, by=made.caller.arn, until=expires_at)
        for one in spec.waivers
    )
    findings = judge(posture, spec.security, waivers, now)
    check_waivers(findings, waivers, spec.security)
    refuse(findings, spec.security)
    if spec.max_cost is not None:
        ttl = expires_at - now
        check_max_cost(made.candidates.dearest, spec.max_cost, duration=ttl, count=spec.count)
    prepare, run = prepare_stages(made), run_step(spec, made)
    record = launch_record(
        spec, made, now=now, plan_digest=_digest((spec, prepare, run)), waivers=waivers
    )
    return LaunchPlan(
        launch_id=launch_id,
        created_at=now,
        account=made.caller.account,
        partition=made.caller.partition,
        region=spec.region,
        caller=made.caller.arn,
        owner=made.owner,
        spec=spec,
        expires_at=expires_at,
        login_user=made.candidates.first.image.login_user,
        prepare=prepare,
        run=run,
        secure=secure_stage(made, record, region=spec.region),
        posture=posture,
        findings=findings,
        waivers=waivers,
        record=msgspec.Raw(msgspec.json.encode(record)),
        summary=summary_of(spec, made, now=now),
        notes=made.notes,
    )


def _digest(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
