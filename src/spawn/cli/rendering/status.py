"""One instance, looked at closely."""

from __future__ import annotations

from datetime import datetime

from spawn.cli.rendering.holding import part_words
from spawn.cli.rendering.launching import checks_lines
from spawn.cli.rendering.tables import fields, until
from spawn.cli.rendering.terminal import escape
from spawn.core.instants import format_instant
from spawn.core.tags import Tag
from spawn.lifecycle.heard import Completion, HeardState
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.status import InstanceStatus
from spawn.posture.levels import Disposition, Finding
from spawn.prices.cost import parse_hourly_tag
from spawn.prices.money import format_usd


def status_text(status: InstanceStatus, *, now: datetime) -> str:
    """Return what is known of an instance: itself, its end, its posture, and what to mend."""
    row = status.instance
    tags = ", ".join(f"{key}={value}" for key, value in sorted(row.tags.items()))
    known = fields(
        (
            ("instance", f"{row.name} {row.id}".strip()),
            ("state", f"{row.state}{status.state_reason and f': {status.state_reason}'}"),
            ("owner", row.owner + ("" if row.is_mine else ", not you")),
            ("type", f"{row.type} in {row.zone}, {status.image_id}"),
            ("address", " ".join(filter(None, (row.public_ip, row.private_ip)))),
            ("network", f"{status.vpc_id} {status.subnet_id}"),
            ("role", status.profile_arn or "none"),
            ("key pair", status.key_name or "none"),
            ("launched", f"{format_instant(row.launched_at)}, {until(row.launched_at, now)}"),
            ("ends", status.endings),
            ("agent", agent_lines(row)),
            ("secrets", row.agent.secrets),
            ("ssh", row.agent.sshd and f"warning: {row.agent.sshd}"),
            ("hold", [part_words(one) for one in status.hold]),
            ("completed", _completed(status.completion)),
            ("cost", _cost(row)),
            ("tags", tags),
            ("checks", checks_lines(status.findings) if status.findings else ""),
        )
    )
    remedies = [text for finding in status.findings if (text := _remedy(finding))]
    return "\n".join((known, *remedies))


def agent_lines(row: ListedInstance) -> tuple[str, ...]:
    """Say what was heard of an instance's agent, and where that differs from its orders."""
    heard = row.agent
    if heard.state is HeardState.NOT_ASKED:
        return ()
    words = [heard.state.value, *([f"({heard.why})"] if heard.why else [])]
    if heard.at is not None and heard.until is not None:
        words.append(f"at {format_instant(heard.at)}: {heard.doing},")
        words.append(f"until {format_instant(heard.until)}")
    warning = f"warning: {heard.difference}" if heard.difference else ""
    return tuple(filter(None, (" ".join(words), warning)))


def _completed(said: Completion | None) -> str:
    """Repeat what the work said of itself: anything on the instance may have said it."""
    if said is None:
        return ""
    return f"{said.status}: {said.message}" if said.message else said.status


def _cost(row: ListedInstance) -> str:
    if row.usd_so_far is None:
        return "" if row.has_ended else "not known: its price was not known when it was launched"
    price = format_usd(parse_hourly_tag(row.tags[Tag.USD_PER_HOUR]))
    return f"{format_usd(row.usd_so_far)} so far, {price} an hour while it runs"


def _remedy(finding: Finding) -> str:
    wanting = finding.disposition in {Disposition.WARNED, Disposition.REFUSED}
    if not wanting or not finding.remedy:
        return ""
    return escape(f"mend {finding.control}: {finding.remedy}")
