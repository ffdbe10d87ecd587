"""All checks, in order, over what was found out."""

from __future__ import annotations

from spawn.launch.doctor.checks import account, credentials, machine, network, permissions
from spawn.launch.doctor.facts import DoctorFacts
from spawn.launch.doctor.model import Check, Examination, Row

CHECKS: tuple[Check, ...] = (
    *credentials.CHECKS,
    *permissions.CHECKS,
    *network.CHECKS,
    *machine.CHECKS,
    *account.CHECKS,
)


def examine(facts: DoctorFacts) -> Examination:
    """Return a row for each check that bears on the launch that is wanted."""
    judged = ((check, check.judge(facts)) for check in CHECKS)
    return Examination(
        region=facts.wanted.region,
        security=facts.wanted.level.value,
        spot=facts.wanted.spot,
        credentials_refused=facts.refused_credentials,
        rows=tuple(
            Row(
                check=check.id,
                area=check.area,
                verdict=judgement.verdict,
                found=judgement.found,
                why=check.why,
                command=judgement.command,
            )
            for check, judgement in judged
            if judgement is not None
        ),
    )
