"""EC2 Instance Connect's two halves on an instance: what metadata holds, and what sshd makes of it.

On EC2 the package `ec2-instance-connect` is sshd's AuthorizedKeysCommand. It asks metadata for
the keys that were sent for a user, and admits those that are for this instance and still live
(https://github.com/aws/aws-ec2-instance-connect-config, src/bin). There each key is followed by a
signature, which the package checks against a certificate of a public authority. No authority
vouches for an embedded cloud: here the signature is left out, and not looked for.
"""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime

from spawn.local.plane.ruleset import METADATA_ADDRESS
from spawn.local.world import EphemeralKey, Instance

# The package gives each of its requests a second (`curl -m 1`).
_PATIENCE_SECONDS = 1.0
# Of `ec2-instance-connect`; any that is neither root's nor a login user's would do.
_PACKAGE_USER_ID = "997"
_TOKEN_SECONDS = "5"  # noqa: S105 - how long a session token lives
_ACTIVE_KEYS = "/latest/meta-data/managed-ssh-keys/active-keys"


def active_keys(instance: Instance, now: datetime) -> dict[str, str]:
    """The text that metadata shows of each user's live keys; users without one are left out."""
    texts: dict[str, str] = {}
    for sent in instance.ssh_keys:
        if _end(sent) > now:
            texts[sent.user] = texts.get(sent.user, "") + _stanza(instance.instance_id, sent)
    return texts


def _end(sent: EphemeralKey) -> datetime:
    return datetime.fromisoformat(sent.until)


def _stanza(instance_id: str, sent: EphemeralKey) -> str:
    # What is called Timestamp is the second of the key's end.
    seconds = int(_end(sent).timestamp())
    return f"#Timestamp={seconds}\n#Instance={instance_id}\n{sent.key}\n\n"


def admitted_keys(text: str, *, instance_id: str, now: datetime) -> list[str]:
    """The key lines in metadata's text that are for this instance and live at a time."""
    admitted = []
    for stanza in text.split("\n\n"):
        lines = stanza.splitlines()
        fields = dict(
            line.removeprefix("#").split("=", 1)
            for line in lines
            if line.startswith("#") and "=" in line
        )
        keys = [line for line in lines if line.startswith(("ssh-", "ecdsa-"))]
        if len(keys) == 1 and _is_live(fields, instance_id=instance_id, now=now):
            admitted += keys
    return admitted


def _is_live(fields: Mapping[str, str], *, instance_id: str, now: datetime) -> bool:
    end = fields.get("Timestamp", "")
    return fields.get("Instance") == instance_id and end.isdecimal() and int(end) > now.timestamp()


def ask_for_keys(username: str, *, instance_id: str) -> list[str]:
    """Ask this instance's metadata which keys may log in as a user; blocks for a second at most.

    No answer, a refusal and an unknown user alike mean that there are none.
    """
    if not _reaches_metadata():
        return []
    try:
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": _TOKEN_SECONDS}
        token = _ask("PUT", "/latest/api/token", headers)
        text = _ask("GET", f"{_ACTIVE_KEYS}/{username}/", {"X-aws-ec2-metadata-token": token})
    except (OSError, http.client.HTTPException):
        return []
    return admitted_keys(text, instance_id=instance_id, now=datetime.now(UTC))


def _reaches_metadata() -> bool:
    """Whether the routes lead there for the package's own user, as whom sshd runs its command."""
    words = ("ip", "route", "get", METADATA_ADDRESS, "uid", _PACKAGE_USER_ID)
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _ask(method: str, path: str, headers: Mapping[str, str]) -> str:
    connection = http.client.HTTPConnection(METADATA_ADDRESS, timeout=_PATIENCE_SECONDS)
    try:
        connection.request(method, path, headers=dict(headers))
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    return body if response.status == http.client.OK else ""
