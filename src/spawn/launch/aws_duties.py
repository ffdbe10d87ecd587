"""What of an instance's agent calls AWS: a name in DNS, its log, its stop, a script. Pure.

Each is asked about in the facts round, decided here, allowed by a statement of its own in the
role that spawn makes, and told to the agent. What another role may do is not known here: with
that, the agent tries, and says what it was refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from spawn.aws.route53 import HostedZone
from spawn.aws.sts import Identity
from spawn.core.instants import format_instant
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.iam.documents import Statement
from spawn.launch import asking, dns, script, shipping
from spawn.launch.agent import AgentSource, Duty, agent_boothook
from spawn.launch.bucket import Bucket, BucketFacts, bucket_of, plan_bucket
from spawn.launch.duties import asks_ec2, order_tags, own_duties, pre_stop_time
from spawn.launch.secret_facts import SecretFacts
from spawn.launch.secret_rights import secret_statements
from spawn.launch.secrets import some_orders
from spawn.launch.spec import LaunchSpec
from spawn.launch.ssh_ca import likely_orders
from spawn.posture.controls.ending import LONGEST_LIFE

# As long as they come, and as little like anything else in user-data.
_SOME_ZONE = HostedZone(id="/hostedzone/Z0Q7XK3VJ9W2MH8TBF5DYC6RG1PNLESA", name="")


@dataclass(frozen=True, kw_only=True)
class AwsDutyFacts:
    """What is known for them; None for what is not asked for.

    script  the person's script, where user-data has no room for it
    bucket  the bucket that it is put into
    """

    dns: dns.DnsFacts | None = None
    script: script.StagedScript | None = None
    bucket: BucketFacts | None = None


@dataclass(frozen=True, kw_only=True)
class AwsDuties:
    """What is decided of them.

    programs   modules of the agent's that travel for none of its duties
    user_data  what takes the place of the person's script, None where that stays
    summary    pairs of a subject and what was decided about it
    """

    tags: Mapping[str, str]
    duties: Mapping[str, Duty]
    programs: tuple[str, ...]
    user_data: bytes | None
    create: Stage
    fill: Stage
    summary: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def script_to_stage(
    spec: LaunchSpec, source: AgentSource, *, partition: str, now: datetime
) -> script.StagedScript | None:
    """Return the script that will not fit, before anything is known of the account.

    What is not known yet (an end date, a zone's id) is of the same length, or shorter. Raises
    InputError for a script that can't be staged, and for what can't be meant.
    """
    if spec.user_data is None or not spec.agent:
        return None
    ends = now + LONGEST_LIFE
    duties = own_duties(spec, has_gpu=True) | _duties(spec, zone=_SOME_ZONE, partition=partition)
    boothook = agent_boothook(
        source,
        {Tag.EXPIRES_AT.value: format_instant(ends)} | order_tags(spec),
        now=now,
        expires_at=ends,
        duties=duties,
        pre_stop=pre_stop_time(spec, duties),
        sshd=likely_orders(spec),
        secrets=some_orders(spec, partition=partition),
    )
    return script.staged_script(spec, boothook)


def duty_statements(
    spec: LaunchSpec,
    caller: Identity,
    *,
    zone_id: str | None,
    staged: script.StagedScript | None,
    secrets: SecretFacts | None,
) -> tuple[Statement, ...]:
    """Return what the role needs for them and for its secrets, besides its templates."""
    needed = _statements(spec, caller, zone_id=zone_id, staged=staged)
    return (*needed, *secret_statements(spec, caller, secrets))


def _statements(
    spec: LaunchSpec,
    caller: Identity,
    *,
    zone_id: str | None,
    staged: script.StagedScript | None,
) -> Iterator[Statement]:
    """Yield one for each duty."""
    if zone_id is not None:
        yield dns.dns_statement(zone_id, dns.dns_name(spec), partition=caller.partition)
    if asks_ec2(spec):
        yield asking.asking_statement(partition=caller.partition, account=caller.account)
    if staged is not None:
        yield script.script_statement(staged, bucket_for(spec, caller))


def bucket_for(spec: LaunchSpec, caller: Identity) -> Bucket:
    """Return the bucket of the launch's account and region."""
    return bucket_of(account=caller.account, partition=caller.partition, region=spec.region)


def choose_aws_duties(
    spec: LaunchSpec,
    facts: AwsDutyFacts,
    caller: Identity,
    *,
    has_public_address: bool,
    tags: Mapping[str, str],
) -> AwsDuties:
    """Return all of it. Raises AccountError for a name or a bucket that is somebody else's.

    `tags` are those of what is shared.
    """
    zone = None if facts.dns is None else facts.dns.zone
    bucket = bucket_for(spec, caller)
    create, fill = _staging(facts, bucket, tags=tags)
    return AwsDuties(
        tags=shipping.shipping_tags(spec) | _dns_tags(spec, facts),
        duties=_duties(spec, zone=zone, partition=caller.partition),
        programs=() if facts.script is None else script.PROGRAMS,
        user_data=None if facts.script is None else script.fetching_script(facts.script, bucket),
        create=create,
        fill=fill,
        summary=tuple(_summary(spec, facts, bucket)),
        notes=tuple(_notes(spec, facts, has_public_address=has_public_address)),
    )


def _duties(spec: LaunchSpec, *, zone: HostedZone | None, partition: str) -> dict[str, Duty]:
    duties = {}
    if spec.dns_name is not None and zone is not None:
        duties["dns"] = dns.dns_duty(spec, zone, partition=partition)
    if spec.ship_logs:
        duties["ship"] = shipping.shipping_duty(partition=partition, region=spec.region)
    if asks_ec2(spec):
        duties["asking"] = asking.asking_duty(partition=partition, region=spec.region)
    return duties


def _dns_tags(spec: LaunchSpec, facts: AwsDutyFacts) -> dict[str, str]:
    if facts.dns is None:
        return {}
    dns.check_name_is_free(spec, facts.dns)
    return dns.dns_tags(spec, facts.dns)


def _staging(
    facts: AwsDutyFacts, bucket: Bucket, *, tags: Mapping[str, str]
) -> tuple[Stage, Stage]:
    if facts.script is None or facts.bucket is None:
        return (), ()
    create, fill = plan_bucket(bucket, facts.bucket, tags=tags)
    return create, (*fill, script.script_step(facts.script, bucket))


def _summary(spec: LaunchSpec, facts: AwsDutyFacts, bucket: Bucket) -> Iterator[tuple[str, str]]:
    if facts.dns is not None:
        yield "dns", f"{dns.dns_name(spec)}, in the hosted zone {facts.dns.zone.zone_id}"
    if spec.ship_logs:
        yield "logs", f"the agent's log goes to CloudWatch Logs, group {shipping.LOG_GROUP}"
    if facts.script is not None:
        yield "script", script.script_words(facts.script, bucket)


def _notes(spec: LaunchSpec, facts: AwsDutyFacts, *, has_public_address: bool) -> Iterator[str]:
    if facts.dns is not None:
        yield from dns.dns_notes(spec, facts.dns, has_public_address=has_public_address)
    calls_aws = facts.dns is not None or spec.ship_logs or asks_ec2(spec)
    if spec.iam_role is not None and calls_aws:
        yield "whether your own role allows what the agent is to do is not known: it says if not"
