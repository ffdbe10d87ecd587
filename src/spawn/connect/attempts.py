"""One connection's tries: what each of them is started with, and whose failure each was.

A way holds what lasts. A try adds what does not: a key that EC2 Instance Connect takes for a
minute, a log for each host on the way, and at first a short time to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from spawn.connect.bastion import BastionHost
from spawn.connect.failures import Failure, NotConnected, judge, judge_bastion, judge_host
from spawn.connect.instance_connect import EphemeralKey
from spawn.connect.patience import Progress
from spawn.connect.private_files import private_scratch
from spawn.connect.programs import Completed
from spawn.connect.routes import Route
from spawn.connect.session_manager import quoted_for_ssh
from spawn.connect.ssh import SshTarget, hop_command
from spawn.connect.ssh_ca.fresh import FreshCertificate
from spawn.connect.way import Way

# Security groups drop packets in silence, and who is let in is answered within a round trip: a
# short first knock finds that out before the long wait for a slow network.
KNOCK_SECONDS = 3
_LOG = "ssh.log"
# What a failure behind a proxy command looks like from here.
_MAY_BE_THE_BASTIONS = frozenset({Failure.CLOSED, Failure.TIMED_OUT, Failure.OTHER})


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a try failed, and on the way to which of the hosts."""

    way: Way
    cause: NotConnected


@dataclass(frozen=True, kw_only=True)
class HostHop:
    """A host of the person's own in between; `first` is the proxy command that leads to it."""

    host: BastionHost
    log: Path
    first: str

    def lead_on(self) -> str:
        """Return the proxy command of the next try, its log empty."""
        self.log.unlink(missing_ok=True)
        return self.host.proxy_command(self.first, log=self.log)


@dataclass(frozen=True, kw_only=True)
class Hop:
    """An instance on the way while one connection is tried; `before` is what is in between."""

    way: Way
    log: Path
    key: EphemeralKey | None
    certificate: FreshCertificate | None
    before: Hop | HostHop | None

    def ready(self, *, terminal: bool, knock: bool) -> SshTarget:
        """Return the target of the next try, its key sent or signed, its logs empty.

        Raises AccountError where no key can be made or signed, AwsRefusal where KMS does not sign,
        InputError for what ssh can't be given.
        """
        self.log.unlink(missing_ok=True)
        target = self._with_key()
        match self.before:
            case HostHop() as host:
                return replace(target, proxy_command=host.lead_on())
            case Hop() as bastion:
                command = bastion.lead_on(target, terminal=terminal, knock=knock)
                return replace(target, proxy_command=command)
            case None if knock and self.way.route is Route.DIRECT:
                return replace(target, connect_timeout_seconds=KNOCK_SECONDS)
            case None:
                return target

    def lead_on(self, onward_to: SshTarget, *, terminal: bool, knock: bool) -> str:
        """Return the proxy command that leads on from here in the next try; raises as `ready`."""
        here = self.ready(terminal=terminal, knock=knock)
        words = hop_command(here, onward_to=onward_to, log=self.log, terminal=terminal)
        return quoted_for_ssh(words)

    def _with_key(self) -> SshTarget:
        if self.certificate is not None:
            fresh = self.certificate.offered()
            return replace(self.way.target, certificate_files=(fresh,))
        key = None if self.key is None else self.key.offered()
        if key is None:
            return self.way.target
        own = self.way.authentication
        files = own.identity_files or own.default_files
        return replace(self.way.target, identity_files=(key, *files))

    def judge(self, ended: Completed) -> Trouble | None:
        """Return why a try failed, None where the exit code is the command's own."""
        cause = judge(ended, _text(self.log))
        if cause is None:
            return None
        trouble = Trouble(way=self.way, cause=cause)
        if self.before is None or cause.failure not in _MAY_BE_THE_BASTIONS:
            return trouble
        log = _text(self.before.log)
        onward = judge_bastion(log)
        if onward is None and isinstance(self.before, HostHop):
            onward = judge_host(log)
        if onward is not None:
            return Trouble(way=self.way, cause=onward)
        if isinstance(self.before, HostHop):
            return trouble
        silent = Completed(returncode=ended.returncode, stdout=b"", stderr=b"")
        return self.before.judge(silent) or trouble


@contextmanager
def hops(
    way: Way, *, clock: Callable[[], float], progress: Progress, forwards: bool = False
) -> Iterator[Hop]:
    """Lend the hosts on the way, the instance first; their keys and logs are gone afterwards.

    `clock` is monotonic, in seconds; `forwards` is whether the connection carries ports. Raises
    AccountError where there is no place for them.
    """
    with private_scratch(way.machine.state_directory) as scratch:
        yield _hop(way, scratch, clock=clock, progress=progress, forwards=forwards)


def _hop(
    way: Way, scratch: Path, *, clock: Callable[[], float], progress: Progress, forwards: bool
) -> Hop:
    place = scratch / way.target.instance_id
    place.mkdir(mode=0o700)
    key: EphemeralKey | None = None
    before: Hop | HostHop | None = None
    match way.bastion:
        case Way() as bastion:
            # What leads on is a forwarding to it.
            before = _hop(bastion, scratch, clock=clock, progress=progress, forwards=True)
        case BastionHost() as host:
            first = way.machine.proxy_command
            before = HostHop(host=host, log=scratch / _LOG, first=first)
    if way.send_key is not None:
        key = EphemeralKey(
            send=way.send_key,
            scratch=place,
            programs=way.machine.programs,
            clock=clock,
            say=lambda words: progress(f"{way.target.instance_id}: {words}"),
        )
    return Hop(
        way=way,
        log=place / _LOG,
        key=key,
        certificate=_fresh(way, place, clock=clock, forwards=forwards),
        before=before,
    )


def _fresh(
    way: Way, place: Path, *, clock: Callable[[], float], forwards: bool
) -> FreshCertificate | None:
    if way.certification is None:
        return None
    certify = way.certification.certify
    return FreshCertificate(certify=certify, scratch=place, clock=clock, forwards=forwards)


def _text(log: Path) -> str:
    return log.read_text("utf-8", "replace") if log.exists() else ""
