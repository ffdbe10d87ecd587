"""A shell, or a way for ssh, through Session Manager: no open port, no public address, no key.

1. The plugin is looked at first: a session that nothing here can speak to is not started.
2. StartSession answers with a token. It is kept off every command line, log and message, and
   given to AWS's plugin in its environment, as the AWS CLI does.
3. The plugin does the rest. Where it can't be started, or fails, the session is ended.
"""

from __future__ import annotations

import contextlib
import shlex
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec

from spawn.aws.door import Writer
from spawn.aws.ssm import START_SESSION, TERMINATE_SESSION, Session, started_session
from spawn.connect.plugin import PLUGIN, System, check_plugin, this_system
from spawn.connect.programs import Programs
from spawn.core.errors import AccountError, AwsRefusal, InputError
from spawn.core.steps import Parameters

SSH_PORT = 22
# The plugin takes the answer from any variable whose name begins so (session-manager-plugin,
# src/sessionmanagerplugin/session/session.go, ValidateInputAndStartSession).
RESPONSE_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
_NOT_CONNECTED = "TargetNotConnected"
# The plugin forwards them to the shell on the instance, as the AWS CLI leaves them to it.
FORWARDED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)


@dataclass(frozen=True, kw_only=True)
class SessionClient:
    """Who starts sessions, and where.

    programs       with AWS's settings in their environment: the plugin resumes broken sessions
    endpoint_url   of Systems Manager, where the plugin resumes them
    profile        the profile that was named, "" for none
    """

    writer: Writer
    programs: Programs
    region: str
    endpoint_url: str
    profile: str = ""
    system: System = field(default_factory=this_system)


def open_shell(client: SessionClient, instance_id: str) -> int:
    """Give this process's terminal to a shell on the instance; return the plugin's exit code.

    That is not the shell's own: Session Manager does not tell it. Raises AccountError where the
    plugin is missing, too old or can't be started, or the instance is not connected to Session
    Manager; AwsRefusal where AWS refuses a session.
    """
    request = {"Target": instance_id}
    session = _start(client, request)
    code = 1
    try:
        code = client.programs.attach(
            _plugin_words(client, request),
            environment={RESPONSE_VARIABLE: _response(session)},
            left_to_it=FORWARDED,
        )
    finally:
        if code != 0:
            _end(client, session)
    return code


def become_ssh_proxy(client: SessionClient, instance_id: str, *, port: int = SSH_PORT) -> NoReturn:
    """Become the plugin, which carries ssh's bytes between this process's input and output.

    Raises as `open_shell` does.
    """
    request = {
        "Target": instance_id,
        "DocumentName": "AWS-StartSSHSession",
        "Parameters": {"portNumber": [str(port)]},
    }
    session = _start(client, request)
    try:
        client.programs.replace(
            _plugin_words(client, request), environment={RESPONSE_VARIABLE: _response(session)}
        )
    finally:
        # Only reached where this process is still spawn: the plugin was not started.
        _end(client, session)


def proxy_command(
    instance_id: str,
    *,
    program: Sequence[str],
    region: str,
    profile: str = "",
    assume_role: str = "",
    local: bool = False,
    port: int = SSH_PORT,
) -> str:
    """Return ssh's ProxyCommand that leads through Session Manager, quoted for its shell.

    `program` is how spawn itself is started, by an absolute path: ssh may run it from anywhere.
    Raises InputError for what a line of an ssh configuration can't hold.
    """
    words = [*program, "proxy", "--ssm", instance_id, "--region", region, "--port", str(port)]
    words += ["--profile", profile] if profile else []
    words += ["--assume-role", assume_role] if assume_role else []
    words += ["--local"] if local else []
    return quoted_for_ssh(words)


def quoted_for_ssh(words: Sequence[str]) -> str:
    """Quote a proxy command: ssh expands `%` in it (ssh_config(5), TOKENS), then a shell reads it.

    Raises InputError for control characters: a line break would begin another option.
    """
    if not all(word.isprintable() for word in words):
        raise InputError("ssh can't be given a proxy command with control characters")
    return shlex.join(words).replace("%", "%%")


def _start(client: SessionClient, request: Parameters) -> Session:
    check_plugin(client.programs, client.system)
    try:
        answer = client.writer.do(START_SESSION, request, region=client.region)
    except AwsRefusal as refusal:
        if refusal.code != _NOT_CONNECTED:
            raise
        raise AccountError(
            f"{request['Target']} is not connected to Session Manager",
            why="its agent has not been heard of: a booting instance needs a minute or two, and "
            "the agent a role that lets it in and a way to the service",
            next_command=f"spawn status {shlex.quote(request['Target'])}",
        ) from refusal
    return started_session(answer)


def _plugin_words(client: SessionClient, request: Parameters) -> tuple[str, ...]:
    """Return the plugin's arguments as the AWS CLI gives them (its sessionmanager.py, `invoke`)."""
    return (
        PLUGIN,
        RESPONSE_VARIABLE,
        client.region,
        "StartSession",
        client.profile,
        msgspec.json.encode(request).decode(),
        client.endpoint_url,
    )


def _response(session: Session) -> str:
    return msgspec.json.encode(session).decode()


def _end(client: SessionClient, session: Session) -> None:
    """End a session that nobody uses, which else waits for its time-out; what led here matters."""
    with contextlib.suppress(AwsRefusal):
        client.writer.do(TERMINATE_SESSION, {"SessionId": session.session_id}, region=client.region)
