"""Whether an instance is shown a certificate of this machine's authority, and by whom it is signed.

1. Its tag says whose certificates it admits; those of another authority can't be signed here.
2. Who one is, AWS says, and what time it is: a clock that is wrong signs what nobody admits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from spawn.aws.door import Reader
from spawn.aws.ec2 import Instance
from spawn.aws.questions import answer_of, value_of
from spawn.aws.sts import Introduction, introduction_question
from spawn.connect.keys import PersonalKey, personal_key
from spawn.connect.machine import Cloud, Machine
from spawn.connect.patience import Progress
from spawn.connect.ssh_ca.authority import Authority, authority_directory, existing_authority
from spawn.connect.ssh_ca.building import SERIAL_BYTES
from spawn.connect.ssh_ca.fresh import Certify
from spawn.connect.ssh_ca.principals import principal_of
from spawn.connect.ssh_ca.signing import VALID, Signer, wanted_certificate
from spawn.connect.ssh_ca.standing import standing_certificate
from spawn.connect.ssh_ca.trust import read_mark
from spawn.core.durations import format_duration
from spawn.core.errors import AccountError

# A certificate begins a minute ago, and ends in five; the header that tells has whole seconds.
_AHEAD, _BEHIND = timedelta(seconds=55), VALID - timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Certification:
    """What a connection needs to show a certificate.

    certify   signs the person's key
    standing  where plain ssh finds a certificate of the same
    """

    certify: Certify
    authority: Authority
    principal: str
    key: PersonalKey
    standing: Path

    @property
    def words(self) -> str:
        """What a person is told is offered."""
        lasts = format_duration(VALID)
        return f"a certificate of your own for {self.principal}, signed for {lasts}"


def find_certification(
    instance: Instance, cloud: Cloud, machine: Machine, *, progress: Progress
) -> Certification | None:
    """Return how the instance is shown a certificate, None where it admits none of ours.

    Raises AccountError for an authority that can't be read and for a clock that is wrong,
    AwsRefusal.
    """
    mark = read_mark(instance.tag_mapping)
    if mark is None:
        return None
    authority = existing_authority(machine.state_directory)
    if authority is None or authority.fingerprint != mark.fingerprint:
        ours = "there is none here" if authority is None else f"yours is {authority.fingerprint}"
        progress(f"it admits certificates of the authority {mark.fingerprint} alone, and {ours}")
        return None
    return certification_by(authority, cloud, machine)


def certification_by(authority: Authority, cloud: Cloud, machine: Machine) -> Certification:
    """Return how one shows certificates of an authority; raises as `find_certification`."""
    principal = who_signs(cloud.reader, region=cloud.region, now=machine.now())
    key = personal_key(machine.state_directory, machine.programs)
    signer = Signer(
        authority=authority,
        programs=machine.programs,
        directory=authority_directory(machine.state_directory),
        writer=cloud.writer,
        randomness=machine.randomness,
    )
    return Certification(
        certify=_certify(signer, key, principal, machine.now),
        authority=authority,
        principal=principal,
        key=key,
        standing=standing_certificate(machine.state_directory, principal),
    )


def _certify(
    signer: Signer, key: PersonalKey, principal: str, now: Callable[[], datetime]
) -> Certify:
    def certify(*, forwards: bool) -> str:
        wanted = wanted_certificate(
            key.public_key,
            (principal,),
            now=now(),
            serial=signer.randomness(SERIAL_BYTES),
            forwards=forwards,
        )
        return signer.sign(wanted)

    return certify


def who_signs(reader: Reader, *, region: str, now: datetime) -> str:
    """Return the caller's principal. Raises AccountError where this machine's clock is wrong."""
    introduced = value_of(answer_of(reader, introduction_question(region)))
    check_clock(introduced, now=now)
    return principal_of(introduced.identity.owner)


def check_clock(introduced: Introduction, *, now: datetime) -> None:
    """Raise AccountError where what is signed now would not be valid by AWS's clock."""
    if introduced.answered_at is None:
        return
    ahead = now - introduced.answered_at
    if -_BEHIND <= ahead <= _AHEAD:
        return
    way = "ahead of" if ahead > timedelta() else "behind"
    trouble = "would not be valid yet" if ahead > timedelta() else "would be over already"
    raise AccountError(
        f"this machine's clock is {format_duration(abs(ahead))} {way} AWS's",
        why=f"a certificate that is signed now {trouble} on an instance",
        next_command="timedatectl status",
    )
