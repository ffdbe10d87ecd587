"""Session Manager: StartSession answers as AWS does, but no data channel exists.

The stream's URL is on loopback, at a port where nothing listens: what carries a session on AWS,
an agent on the instance and a service between, is not here. A client that was handed the answer
can show that it got it, and no more.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.managed import is_managed
from spawn.local.control.memory import Session
from spawn.local.control.messages import AwsError

DEFAULT_DOCUMENT = "SSM-SessionManagerRunShell"
STREAM = "wss://127.0.0.1:9"  # the discard port, RFC 863: nothing of the cloud listens there
TOKEN_BYTES = 192


# AWS's own session documents with the parameters that each takes.
# Systems Manager user guide, "Session document schema"; `aws ssm describe-document` shows them.
_DOCUMENTS: dict[str, frozenset[str]] = {
    DEFAULT_DOCUMENT: frozenset(),
    "AWS-StartSSHSession": frozenset({"portNumber"}),
    "AWS-StartPortForwardingSession": frozenset({"portNumber", "localPortNumber"}),
    "AWS-StartPortForwardingSessionToRemoteHost": frozenset(
        {"host", "portNumber", "localPortNumber"}
    ),
    "AWS-StartInteractiveCommand": frozenset({"command"}),
    "AWS-StartNonInteractiveCommand": frozenset({"command"}),
}


def start_session(duty: Duty) -> dict[str, Any]:
    """A session with a managed instance. Raises AwsError: TargetNotConnected and others."""
    parameters = duty.call.parameters
    target = str(parameters.get("Target") or "")
    document = str(parameters.get("DocumentName") or DEFAULT_DOCUMENT).rsplit("/", 1)[-1]
    _check_document(document, parameters.get("Parameters") or {}, duty.call.region)
    instances = {i.id: i for i in account.ec2(duty.call.region).all_instances()}
    instance = instances.get(target)
    if instance is None or not is_managed(instance, duty.memory, duty.now):
        raise AwsError("TargetNotConnected", f"{target} is not connected.")
    session_id = f"{duty.principal.arn.rsplit('/', 1)[-1]}-{secrets.token_hex(9)[:17]}"
    duty.memory.sessions[session_id] = Session(
        session_id=session_id, target=target, document=document, owner_arn=duty.principal.arn
    )
    return {
        "SessionId": session_id,
        "TokenValue": base64.b64encode(secrets.token_bytes(TOKEN_BYTES)).decode(),
        "StreamUrl": f"{STREAM}/v1/data-channel/{session_id}?role=publish_subscribe",
    }


def terminate_session(duty: Duty) -> dict[str, Any]:
    """Ends a session; one that is not there is ended already, as on AWS. Raises AwsError."""
    session_id = str(duty.call.parameters.get("SessionId") or "")
    duty.memory.sessions.pop(session_id, None)
    return {"SessionId": session_id}


def _check_document(name: str, parameters: dict[str, Any], region: str) -> None:
    """The document has to be there, and to take what it is given."""
    known = _DOCUMENTS.get(name)
    if known is None:
        if name not in account.ssm(region)._documents:  # noqa: SLF001 - moto has no other
            raise AwsError("InvalidDocument", f"Document with name {name} does not exist.")
        return
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise AwsError(
            "InvalidParameters",
            f"Parameter(s) {', '.join(unknown)} not defined in document {name}.",
        )
    for parameter in ("portNumber", "localPortNumber"):
        for value in parameters.get(parameter) or []:
            if not (value.isascii() and value.isdigit() and int(value) <= 65535):
                raise AwsError("InvalidParameters", f"{parameter} is not a port: {value}")
