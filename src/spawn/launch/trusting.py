"""An authority of now, and its revocation list, brought to a running instance.

1. Over a connection as it is today, a script writes what is to be trusted; sshd itself is asked
   first whether it takes that, and what stood before stands where it does not.
2. While that connection is open, another one tries to get in by a certificate.
3. Only then the first one is told to keep it. Where nobody gets in, or the connection breaks, the
   instance goes back to what it admitted before: nobody is locked out.
4. The tag is written, by which `spawn connect` knows what to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spawn.aws.ec2 import Instance
from spawn.aws.ec2_changes import CREATE_TAGS
from spawn.aws.perform import Performer
from spawn.connect.connect import reach, run
from spawn.connect.patience import Patience, Progress
from spawn.connect.programs import Completed
from spawn.connect.ssh import SshTarget, ssh_command
from spawn.connect.ssh_ca.trust import SshTrust
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError, PartlyDone, SpawnError
from spawn.core.steps import Step
from spawn.core.tags import Tag, tag_list
from spawn.launch.ssh_ca import principals_of
from spawn.launch.sshd import SshdOrders, sshd_update

_READY, _KEEP = b"ready\n", b"keep\n"
_SAID_BYTES = 4096
# `$0` is the update. What it changes is put aside first; a connection that breaks ends `read`.
_CAREFULLY = r"""cd /
s=$(mktemp -d /run/spawn-trust.XXXXXX) || exit 1
for f in sshd_config sshd_config.d spawn; do [ ! -e etc/ssh/$f ] || cp -a etc/ssh/$f $s/; done
if sh -c "$0" </dev/null; then
echo ready
read -r word && [ "$word" = keep ] && rm -rf $s && exit 0
fi
for f in sshd_config.d spawn; do
rm -rf etc/ssh/$f
[ ! -e $s/$f ] || cp -a $s/$f etc/ssh/
done
[ ! -e $s/sshd_config ] ||
{ cp -a $s/sshd_config etc/ssh/was && mv etc/ssh/was etc/ssh/sshd_config; }
[ ! -s run/sshd.pid ] || kill -HUP "$(cat run/sshd.pid)"
rm -rf $s
exit 1
"""
_AS_ROOT = r"""if [ "$(id -u)" = 0 ]; then exec sh -c "$0" "$1"; fi
exec sudo -n sh -c "$0" "$1"
"""


@dataclass(frozen=True, kw_only=True)
class TrustPlan:
    """What is going to be done to one instance."""

    instance: Instance
    trust: SshTrust
    orders: SshdOrders
    tag: Step

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is done, in words."""
        revoked = f"its revocation list, number {self.trust.number}" if self.trust.number else ""
        also = f", and {revoked}" if revoked else ""
        whom = ", ".join(self.orders.principals)
        return (
            f"have its sshd trust {self.trust.public_key.fingerprint}{also}",
            f"admit nothing but certificates for {whom}, once one was seen to get in",
            self.tag.sentence,
        )


def plan_trust(
    instance: Instance, trust: SshTrust, *, region: str, login_user: str, caller_owner: str
) -> TrustPlan:
    """Return the plan. Raises InputError for an instance that nobody owns."""
    owner = instance.tag_mapping.get(Tag.OWNER, "")
    if not owner:
        raise InputError(
            f"{instance.instance_id} has no owner",
            why="certificates are for owners, and its tags name none",
            next_command="spawn list",
        )
    tags = tag_list({Tag.SSH_CA.value: trust.mark})
    return TrustPlan(
        instance=instance,
        trust=trust,
        orders=SshdOrders(
            login_user=login_user,
            ca_keys=(trust.public_line,),
            principals=principals_of(owner, caller_owner),
            revoked=trust.krl,
        ),
        tag=Step(
            operation=CREATE_TAGS.key,
            region=region,
            parameters={"Resources": [instance.instance_id], "Tags": tags},
            sentence=f"note that in its tag {Tag.SSH_CA}",
        ),
    )


def bring_trust(
    plan: TrustPlan, way: Way, by_certificate: Way, *, patience: Patience, progress: Progress
) -> None:
    """Have the instance trust it, by `way`, and see that `by_certificate` leads in.

    Raises AccountError where it does not, or sshd does not take it: then all is as it was.
    """
    instance_id = plan.instance.instance_id
    refused: list[SpawnError] = []

    def try_certificate() -> bool:
        progress(f"{instance_id}: trying whether a certificate gets in")
        try:
            run(by_certificate, ("true",), patience=patience, progress=progress)
        except SpawnError as error:
            refused.append(error)
        return not refused

    ended = _carefully(plan, way, try_certificate, patience=patience, progress=progress)
    if refused:
        raise AccountError(
            f"{instance_id} admits what it admitted before",
            why=f"it was told to trust the authority, and yet: {refused[0].what}"
            f"{refused[0].why and f'; {refused[0].why}'}",
            next_command=f"spawn logs {instance_id}",
        )
    if ended.returncode != 0:
        said = ended.stderr.decode("utf-8", "replace").strip()
        raise AccountError(
            f"{instance_id} admits what it admitted before",
            why=said or f"what was to change it ended with {ended.returncode}",
            next_command=f"spawn logs {instance_id}",
        )


def mark_trust(plan: TrustPlan, performer: Performer) -> None:
    """Write the tag. Raises PartlyDone where that is refused: the instance has been changed."""
    for failed in performer.perform(((plan.tag,),)).failures:
        refusal = failed.refusal
        raise PartlyDone(
            f"{plan.instance.instance_id} trusts the authority, and its tag could not be written",
            why=""
            if refusal is None
            else f"{refusal.what}: {refusal.why}; "
            "without it `spawn connect` does not know what to show",
            next_command=f"spawn ssh-ca trust {plan.instance.instance_id}",
        ) from refusal


def _carefully(
    plan: TrustPlan,
    way: Way,
    try_certificate: Callable[[], bool],
    *,
    patience: Patience,
    progress: Progress,
) -> Completed:
    words = ("sh", "-c", _AS_ROOT, _CAREFULLY, sshd_update(plan.orders))

    def exchange(stdin: IO[bytes], stdout: IO[bytes]) -> None:
        if stdout.readline() == _READY and try_certificate():
            stdin.write(_KEEP)
            stdin.flush()
            stdout.read(_SAID_BYTES)

    def start(target: SshTarget, log: Path) -> Completed:
        errors = log.with_name("trust.errors")
        errors.unlink(missing_ok=True)
        command = ssh_command(target, words, log=log, terminal=False)
        code = way.machine.programs.stream(command, exchange, errors=errors)
        return Completed(returncode=code, stdout=b"", stderr=errors.read_bytes())

    return reach(way, start, terminal=False, patience=patience, progress=progress)
