"""The owner's requests to a cloud's `/_spawn`: signed like any other call of AWS's API."""

from __future__ import annotations

import http.client
from collections.abc import Mapping

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from spawn.local.files import CloudFile

TIMEOUT_SECONDS = 30.0


class NotAnswering(Exception):
    """The cloud does not answer, or refuses; the text says how."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the cloud says of itself."""

    instances: dict[str, str]
    regions: list[str]
    troubles: list[str]


class ControlClient:
    """Speaks to one cloud."""

    def __init__(self, cloud: CloudFile) -> None:
        self._cloud = cloud

    def status(self) -> Answer:
        """Raises NotAnswering."""
        return msgspec.json.decode(self._request("GET", "/_spawn/status", b""), type=Answer)

    def post(self, path: str, body: bytes) -> bytes:
        """Raises NotAnswering."""
        return self._request("POST", path, body)

    def set_switches(self, settings: Mapping[str, object]) -> None:
        """Set the test switches that `settings` names. Raises NotAnswering."""
        self.post("/_spawn/switches", msgspec.json.encode(settings))

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        host = f"127.0.0.1:{self._cloud.port}"
        request = AWSRequest(method=method, url=f"http://{host}{path}", data=body)
        keys = Credentials(self._cloud.access_key_id, self._cloud.secret_access_key)
        SigV4Auth(keys, "spawn", "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body=body, headers=dict(request.headers.items()))
            response = connection.getresponse()
            text = response.read()
        except OSError as error:
            raise NotAnswering(f"the cloud does not answer: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise NotAnswering(f"the cloud refuses: {text.decode(errors='replace')[:300]}")
        return text
