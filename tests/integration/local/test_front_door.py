"""Nobody gets in without the right signature, and everybody is told so in the right words."""

from __future__ import annotations

import base64
import http.client
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from tests.integration.local.conftest import ADMIN_TRUST, Account, Keys
from tests.tools.clouds import running_cloud

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "ec2": ("describe_vpcs", {}),
    "iam": ("list_roles", {}),
    "dynamodb": ("list_tables", {}),
    "s3": ("list_buckets", {}),
    "scheduler": ("list_schedules", {}),
}


def _refusal(account: Account, service: str, keys: Keys) -> str:
    operation, parameters = CALLS[service]
    with pytest.raises(ClientError) as refused:
        getattr(account.client(service, keys), operation)(**parameters)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("ec2", "AuthFailure"),
        ("iam", "InvalidClientTokenId"),
        ("dynamodb", "UnrecognizedClientException"),
        ("s3", "InvalidAccessKeyId"),
        ("scheduler", "UnrecognizedClientException"),
    ],
)
def test_an_unknown_key_is_refused(account: Account, service: str, code: str) -> None:
    """A key that is nobody's gets the service's own error for that."""
    stranger = Keys(access_key_id="AKIAIOSFODNN7EXAMPLE", secret="whatever")
    assert _refusal(account, service, stranger) == code


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("ec2", "AuthFailure"),
        ("iam", "SignatureDoesNotMatch"),
        ("dynamodb", "InvalidSignatureException"),
        ("s3", "SignatureDoesNotMatch"),
        ("scheduler", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(account: Account, service: str, code: str) -> None:
    """Knowing the key's id is not enough."""
    guess = Keys(access_key_id=account.admin.access_key_id, secret="guessed")
    assert _refusal(account, service, guess) == code


def test_another_cloud_s_keys_are_refused(account: Account) -> None:
    """Two clouds of one machine have nothing in common."""
    with running_cloud(control_plane_only=True) as other:
        variables = other.access.variables
        theirs = Keys(
            access_key_id=variables["AWS_ACCESS_KEY_ID"],
            secret=variables["AWS_SECRET_ACCESS_KEY"],
        )
        assert _refusal(account, "iam", theirs) == "InvalidClientTokenId"


def test_a_session_needs_its_token(account: Account) -> None:
    """A role session's key and secret alone are not enough, nor with another token."""
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[]))
    for token in (None, "another"):
        keys = Keys(access_key_id=session.access_key_id, secret=session.secret, token=token)
        assert _refusal(account, "iam", keys) == "InvalidClientTokenId"


def test_an_inactive_key_is_refused(account: Account) -> None:
    """A user's key that was made inactive is nobody's."""
    iam = account.client("iam")
    iam.create_user(UserName="u")
    made = iam.create_access_key(UserName="u")["AccessKey"]
    keys = Keys(access_key_id=made["AccessKeyId"], secret=made["SecretAccessKey"])
    assert account.client("sts", keys).get_caller_identity()["Arn"].endswith(":user/u")
    iam.update_access_key(UserName="u", AccessKeyId=keys.access_key_id, Status="Inactive")
    assert _refusal(account, "iam", keys) == "InvalidClientTokenId"


def _plain(account: Account, method: str, path: str, **more: Any) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(account.cloud.endpoint_url).netloc, timeout=10)
    try:
        connection.request(method, path, **more)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TARGET = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/?", _FORM, b"MissingAuthenticationToken"),
        ("/", _TARGET, b"MissingAuthenticationTokenException"),
        ("/bucket", {}, b"AccessDenied"),
        ("/moto-api/reset", {}, b"AccessDenied"),
        ("/latest/meta-data/", {}, b"AccessDenied"),
        ("/_spawn/status", {}, b"AccessDenied"),
        ("/_spawn/reset", {}, b"AccessDenied"),
    ],
)
def test_an_unsigned_request_learns_nothing(
    account: Account, path: str, headers: dict[str, str], code: bytes
) -> None:
    """Without a signature every path refuses, moto's own administration included."""
    status, text = _plain(account, "POST", path, headers=headers, body=b"Action=ListRoles")
    assert status in {400, 403}
    assert code in text


def test_anybody_may_ask_for_their_address(account: Account) -> None:
    """The address service answers the caller's address and nothing else."""
    assert _plain(account, "GET", "/_spawn/address") == (200, b"203.0.113.10\n")
    account.set_switches(caller_address="203.0.113.77")
    assert _plain(account, "GET", "/_spawn/address?format=json") == (200, b"203.0.113.77\n")


def test_only_the_owner_may_switch(account: Account) -> None:
    """A role of the account, whatever it may do, does not administer the cloud."""
    allows = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=allows))
    client = account.client("s3", session)
    with pytest.raises(ClientError, match="403"):
        client.get_object(Bucket="_spawn", Key="status")


def test_a_body_too_long_is_not_read(account: Account) -> None:
    """A body over the limit is refused by its announced length."""
    status, _ = _plain(account, "PUT", "/b/k", headers={"Content-Length": str(2**40)}, body=b"")
    assert status == 413


def test_a_bucket_s_owner_is_checked(account: Account) -> None:
    """A caller who expects another account's bucket is refused, as S3 does."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.head_bucket(Bucket="bucket", ExpectedBucketOwner="123456789012")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket="bucket", ExpectedBucketOwner="210987654321")


def test_sessions_that_nothing_knows_are_not_given(account: Account) -> None:
    """What moto only pretends to give is refused in words."""
    with pytest.raises(ClientError, match="embedded cloud"):
        account.client("sts").get_session_token()


@contextmanager
def http_session() -> Iterator[Any]:
    """botocore's own sender of bytes."""
    session = URLLib3Session()
    try:
        yield session
    finally:
        session.close()


def _chunked_upload(account: Account, url: str) -> AWSPreparedRequest:
    """A PUT in aws-chunked form with its checksum in a trailer, as SDKs send over TLS."""
    content = b"hello " * 1000
    crc = base64.b64encode(zlib.crc32(content).to_bytes(4, "big"))
    body = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(content), content, crc)
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": str(len(content)),
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    request = AWSRequest(method="PUT", url=url, data=body, headers=headers)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    keys = Credentials(account.admin.access_key_id, account.admin.secret)
    S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    return request.prepare()


def test_a_chunked_upload_with_a_trailer_is_an_object(account: Account) -> None:
    """STREAMING-UNSIGNED-PAYLOAD-TRAILER is accepted, and only the content is kept."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="bucket")
    prepared = _chunked_upload(account, f"{account.cloud.endpoint_url}/bucket/key")
    assert prepared.headers["X-Amz-Content-SHA256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    with http_session() as session:
        answer = session.send(prepared)
    assert answer.status_code == 200, answer.text
    assert s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"hello " * 1000


def test_a_client_that_asks_may_go_on_at_once(account: Account) -> None:
    """Expect: 100-continue is answered before the body: SDKs wait a second for it."""
    url = urlsplit(account.cloud.endpoint_url)
    with socket.create_connection(("127.0.0.1", url.port or 0), timeout=10) as connection:
        head = "PUT /bucket/key HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"hello")
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


def test_a_body_in_http_chunks_is_read(account: Account) -> None:
    """Transfer-Encoding chunked carries a call as well as Content-Length does."""
    request = AWSRequest(
        method="POST",
        url=account.cloud.endpoint_url,
        data=b"Action=GetCallerIdentity&Version=2011-06-15",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    keys = Credentials(account.admin.access_key_id, account.admin.secret)
    SigV4Auth(keys, "sts", "us-east-1").add_auth(request)
    headers = {**dict(request.headers.items()), "Transfer-Encoding": "chunked"}
    pieces = iter([request.data[:10], request.data[10:]])
    status, text = _plain(account, "POST", "/", headers=headers, body=pieces, encode_chunked=True)
    assert status == 200, text
    assert b":user/admin" in text


def test_what_moto_lacks_is_said(account: Account) -> None:
    """An operation that the cloud can't do says so, in words that name it."""
    with pytest.raises(ClientError, match="embedded cloud"):
        account.client("cloudtrail").list_event_data_stores()
