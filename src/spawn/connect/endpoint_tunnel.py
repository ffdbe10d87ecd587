"""To a private address through an EC2 Instance Connect Endpoint of its VPC.

The tunnel is the AWS CLI's own `ec2-instance-connect open-tunnel`, as ssh's ProxyCommand. Only
version 2 of it has that command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from spawn.aws.ec2_endpoints import ConnectEndpoint
from spawn.connect.programs import ProgramMissing, Programs
from spawn.connect.session_manager import SSH_PORT, quoted_for_ssh
from spawn.core.errors import AccountError

AWS_CLI = "aws"
# aws-cli's CHANGELOG, 2.12.0: "ec2-instance-connect: open-tunnel".
FIRST_VERSION_WITH_TUNNELS = (2, 12, 0)
# Version 1 imports half of botocore before it answers.
_VERSION_TIMEOUT_SECONDS = 30.0
_VERSION = re.compile(rb"aws-cli/([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_INSTALL = (
    "install it as https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html "
    "says"
)


def tunnel_endpoint(
    endpoints: Iterable[ConnectEndpoint], *, vpc_id: str, subnet_id: str
) -> ConnectEndpoint | None:
    """Return the endpoint to go through, None where the VPC has none that is open.

    One in the instance's own subnet comes first: traffic between zones is billed.
    """
    found = [each for each in endpoints if each.vpc_id == vpc_id and each.is_open]
    found.sort(key=lambda each: (each.subnet_id != subnet_id, each.instance_connect_endpoint_id))
    return next(iter(found), None)


def check_aws_cli(programs: Programs) -> None:
    """Raise AccountError unless the AWS CLI here is one that opens tunnels."""
    try:
        said = programs.run((AWS_CLI, "--version"), timeout_seconds=_VERSION_TIMEOUT_SECONDS)
    except ProgramMissing as error:
        raise _no_tunnel("the AWS CLI is not installed on this machine") from error
    except TimeoutError as error:
        raise _no_tunnel(f"aws --version did not end: {error}") from error
    # Early ones wrote it to their standard error (Python 2's argparse).
    version = _VERSION.search(said.stdout + said.stderr)
    if said.returncode != 0 or version is None:
        raise _no_tunnel("aws --version does not tell a version of the AWS CLI")
    if tuple(map(int, version.groups())) < FIRST_VERSION_WITH_TUNNELS:
        raise _no_tunnel(f"the AWS CLI here is {version[0].decode()}")


def _no_tunnel(what: str) -> AccountError:
    first = ".".join(map(str, FIRST_VERSION_WITH_TUNNELS))
    return AccountError(
        what,
        why=f"an EC2 Instance Connect Endpoint is gone through by the AWS CLI {first} or later",
        next_command=_INSTALL,
    )


def tunnel_command(
    instance_id: str, endpoint_id: str, *, region: str, profile: str = "", port: int = SSH_PORT
) -> str:
    """Return ssh's ProxyCommand that leads through the endpoint, quoted for its shell.

    The AWS CLI takes its credentials from the profile or from its environment, and so from ssh's.
    Raises InputError for control characters.
    """
    words = [AWS_CLI, "ec2-instance-connect", "open-tunnel", "--instance-id", instance_id]
    words += ["--instance-connect-endpoint-id", endpoint_id, "--remote-port", str(port)]
    words += ["--region", region]
    words += ["--profile", profile] if profile else []
    return quoted_for_ssh(words)
