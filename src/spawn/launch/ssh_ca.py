"""What a launch with an authority for SSH tells its instance: whom to believe, and for whom. Pure.

Such an instance admits certificates and nothing else, so it gets no key pair.
"""

from __future__ import annotations

from spawn.connect.ssh_ca.principals import principal_of
from spawn.core.errors import InputError
from spawn.core.tags import Tag
from spawn.launch.spec import LaunchSpec
from spawn.launch.sshd import SshdOrders

_FLAG = "--ssh-ca"
# IAM User Guide, "IAM and AWS STS quotas": a user's and a session's name have 64 characters. As
# little like anything else in user-data as such names come.
_SOME_OWNER = "Q7xk3vJ9w2Mh8tBf5dYc6rG1pNlEsAz0UoI4bVnTqWmXeRjHgKyLuDiSaPfOcZ-"


def check_ssh_ca(spec: LaunchSpec) -> None:
    """Raise InputError, naming the flag, for what can't be had together with an authority."""
    if spec.ssh_ca is None:
        return
    if not spec.agent:
        raise InputError(
            f"{_FLAG} and --no-agent exclude each other",
            why="what sshd is told comes with the agent",
        )
    if spec.key_pair is not None:
        raise InputError(
            f"{_FLAG} and --key-pair exclude each other",
            why="with an authority, certificates alone are admitted: leave one of them out",
            next_command="spawn config show",
        )
    try:
        _ = spec.ssh_ca.public_key
    except ValueError as error:
        raise InputError(f"{_FLAG} has no public key of an authority", why=str(error)) from error


def sshd_orders(
    spec: LaunchSpec, *, login_user: str | None, owner: str, caller_owner: str
) -> SshdOrders:
    """Return what the instance's sshd is to do.

    Whoever launches for somebody else is admitted beside the owner: both may end it, and the one
    who waits for the boot logs in. Raises InputError where nobody knows who logs in.
    """
    if spec.ssh_ca is None:
        return SshdOrders(login_user=login_user)
    if login_user is None:
        raise InputError(
            f"{_FLAG} needs an image whose login user is known",
            why="a certificate admits to one user, and of this image nobody knows which",
            next_command="spawn launch --no-ssh-ca --ami …",
        )
    return SshdOrders(
        login_user=login_user,
        ca_keys=(spec.ssh_ca.public_line,),
        principals=principals_of(owner, caller_owner),
        revoked=spec.ssh_ca.krl,
    )


def principals_of(owner: str, caller_owner: str) -> tuple[str, ...]:
    """Return whom the instance admits, each once."""
    return tuple(dict.fromkeys(map(principal_of, (owner, caller_owner))))


def likely_orders(spec: LaunchSpec) -> SshdOrders:
    """Return orders as long as they will be, before it is known who asks."""
    owner = spec.tags.get(Tag.OWNER, _SOME_OWNER)
    return sshd_orders(spec, login_user="ec2-user", owner=owner, caller_owner=_SOME_OWNER[::-1])


def ssh_ca_tags(spec: LaunchSpec) -> dict[str, str]:
    """Return the tag by which `spawn connect` knows what to show."""
    return {} if spec.ssh_ca is None else {Tag.SSH_CA.value: spec.ssh_ca.mark}
