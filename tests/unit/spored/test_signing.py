"""What the agent signs, AWS's own SDK would sign alike."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from spored.signing import authorization

KEYS = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCY"}
SIGNERS = {"s3": S3SigV4Auth, "logs": SigV4Auth, "route53": SigV4Auth, "ec2": SigV4Auth}
# Header values as HTTP has them (RFC 9110, 5.5), inner spaces of any length among them.
VALUES = st.from_regex(r"[!-~]([ !-~]{0,20}[!-~])?", fullmatch=True)
NAMES = st.sampled_from(["content-type", "x-amz-target", "x-amz-expected-bucket-owner", "accept"])
# Of no name that is "." or "..", which SDKs resolve, and which no path of ours has.
SEGMENTS = st.text(min_size=1, max_size=12).filter(lambda text: not {*text} <= {"."})
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def canonical(pairs: list[tuple[str, str]]) -> str:
    """A query as the agent writes it: each part encoded, and all in order."""
    encoded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


@given(
    service=st.sampled_from(sorted(SIGNERS)),
    method=st.sampled_from(["GET", "POST", "PUT"]),
    segments=st.lists(SEGMENTS.filter(lambda text: text.isprintable()), max_size=4),
    pairs=st.lists(st.tuples(st.text("aA0-_.~ /+é", min_size=1, max_size=6), TEXTS), max_size=5),
    headers=st.dictionaries(NAMES, VALUES),
    body=st.binary(max_size=40),
    token=st.none() | st.text("abcXYZ012+/=", min_size=1, max_size=30),
)
@example(
    service="s3",
    method="GET",
    segments=["a b", "é"],
    pairs=[("a", ""), ("a", "2"), ("a", "1"), ("a-", "")],
    headers={},
    body=b"",
    token=None,
)
def test_both_sign_alike(
    *,
    service: str,
    method: str,
    segments: list[str],
    pairs: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
    token: str | None,
) -> None:
    """The same header comes out for any path, query, headers, body and token, for any service."""
    query = canonical(pairs)
    target = "/" + "/".join(quote(segment, safe="") for segment in segments)
    target += f"?{query}" if query else ""
    headers = {**headers, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    request = AWSRequest(
        method=method, url=f"https://host.example{target}", data=body, headers=headers
    )
    credentials = Credentials(KEYS["AccessKeyId"], KEYS["SecretAccessKey"], token)
    SIGNERS[service](credentials, service, "eu-west-1").add_auth(request)
    signed = {
        name.lower(): value for name, value in request.headers.items() if name != "Authorization"
    }
    signed["host"] = "host.example"
    proof = authorization(f"{method} {target}", signed, f"eu-west-1/{service}", KEYS)
    assert proof == request.headers["Authorization"]
    assert ("x-amz-security-token" in proof) == (token is not None)


@pytest.mark.parametrize("service", sorted(SIGNERS))
def test_a_character_more_signs_otherwise(service: str) -> None:
    """Whatever changes of a request changes its signature."""
    headers = {"host": "h", "x-amz-date": "20260127T120000Z", "x-amz-content-sha256": "0" * 64}
    proofs = {
        authorization(request, {**headers, **more}, f"{region}/{service}", KEYS)
        for request in ("GET /", "POST /", "GET /a", "GET /?a=")
        for more in ({}, {"host": "i"}, {"x-amz-content-sha256": "1" * 64})
        for region in ("eu-west-1", "us-east-1")
    }
    assert len(proofs) == 4 * 3 * 2
