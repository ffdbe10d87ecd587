"""What botocore signs is accepted, and nothing else is."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.local.control import sigv4
from spawn.local.control.messages import Request
from tests.unit.local.control.signing import ACCESS_KEY_ID, SECRET, client, signed

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "DescribeInstances", {"InstanceIds": ["i-1"]}),
    (
        "s3",
        "PutObject",
        {"Bucket": "b", "Key": "a b/ü+c//d", "Body": b"x", "Metadata": {"k_e": "v"}},
    ),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "x y&=/"}),
    ("dynamodb", "ListTables", {}),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}),
    ("scheduler", "GetSchedule", {"Name": "a.b-c_d"}),
    ("lambda", "Invoke", {"FunctionName": "arn:aws:lambda:us-east-1:1:function:f"}),
]


def _verify(request: Request, *, secret: str = SECRET, later: timedelta = timedelta(0)) -> None:
    signature = sigv4.read_signature(request)
    sigv4.verify(request, signature, secret, now=datetime.now(UTC) + later)


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS)
def test_botocore_s_signature_is_accepted(
    service: str, operation: str, parameters: dict[str, Any]
) -> None:
    """Every protocol's requests verify, odd characters included, and name their key and scope."""
    request = signed(service, operation, token="a/token+", **parameters)
    _verify(request)
    signature = sigv4.read_signature(request)
    assert signature.access_key_id == ACCESS_KEY_ID
    assert (signature.region, signature.token) == ("us-east-1", "a/token+")


def _changed(request: Request, part: str) -> Request:
    match part:
        case "method":
            return dataclasses.replace(request, method="DELETE")
        case "path":
            return dataclasses.replace(request, path=request.path + "x")
        case "query":
            return dataclasses.replace(request, query=request.query + "&versionId=1")
        case "body":
            return dataclasses.replace(request, body=request.body + b" ")
        case _:
            headers = tuple((k, v + "x" if k.lower() == part else v) for k, v in request.headers)
            return dataclasses.replace(request, headers=headers)


@pytest.mark.parametrize(
    "part", ["method", "path", "query", "body", "host", "x-amz-security-token"]
)
def test_a_changed_request_is_refused(part: str) -> None:
    """No part of a request can be changed after signing."""
    request = signed("s3", "PutObject", token="token", Bucket="b", Key="k", Body=b"hello")
    with pytest.raises(sigv4.WrongSignature):
        _verify(_changed(request, part))


def test_another_secret_is_refused() -> None:
    """Only the key's own secret makes its signatures."""
    with pytest.raises(sigv4.WrongSignature):
        _verify(signed("sts", "GetCallerIdentity"), secret="another")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_or_early_request_is_refused(minutes: int) -> None:
    """A request more than 15 minutes off the clock is expired; just within, it is not."""
    request = signed("sts", "GetCallerIdentity")
    with pytest.raises(sigv4.Expired):
        _verify(request, later=timedelta(minutes=minutes))
    _verify(request, later=timedelta(minutes=minutes * 14 / 16))


def _presigned(seconds: int) -> Request:
    url = urlsplit(
        client("s3").generate_presigned_url(
            "get_object", Params={"Bucket": "b", "Key": "a b"}, ExpiresIn=seconds
        )
    )
    return Request(
        method="GET", path=url.path, query=url.query, headers=(("Host", url.netloc),), body=b""
    )


def test_a_presigned_url_holds_for_its_time() -> None:
    """A presigned URL works until it expires, for its own object only."""
    request = _presigned(60)
    _verify(request, later=timedelta(seconds=50))
    with pytest.raises(sigv4.Expired):
        _verify(request, later=timedelta(seconds=70))
    with pytest.raises(sigv4.WrongSignature):
        _verify(dataclasses.replace(request, path="/b/another"))


def test_an_unsigned_request_is_told_apart() -> None:
    """No credentials at all is another fault than unreadable ones."""
    bare = Request(method="GET", path="/", query="", headers=(("Host", "h"),), body=b"")
    with pytest.raises(sigv4.Unsigned):
        sigv4.read_signature(bare)


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_any_authorization_header_is_refused_in_words(text: str) -> None:
    """Whatever stands in the header, the answer is a refusal and never a failure."""
    header = text.encode("utf-8", "replace").decode("latin-1")
    for value in (header, f"AWS4-HMAC-SHA256 {header}", f"AWS4-HMAC-SHA256 Credential={header}"):
        request = Request(
            method="GET", path="/", query="", headers=(("Authorization", value),), body=b""
        )
        with pytest.raises(sigv4.Malformed):
            sigv4.read_signature(request)
