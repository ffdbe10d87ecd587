"""The metadata service's answers, as a function of instance, request and time."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.plane.metadata import Request, Response, answer
from spawn.local.plane.metadata_server import parse_request, render_response
from spawn.local.world import Instance, RoleCredentials, SpotNotice
from tests.e2e.plane.worlds import instance, metadata_options

NOW = datetime(2026, 1, 27, 9, 30, tzinfo=UTC)
KEY = b"k" * 32
ROLE = RoleCredentials(
    role_name="reader",
    instance_profile_arn="arn:aws:iam::123456789012:instance-profile/p",
    instance_profile_id="AIPA1",
    access_key_id="ASIA1",
    secret_access_key="s",
    token="t",
    last_updated="2026-01-27T09:30:00Z",
    expiration="2026-01-27T15:30:00Z",
)


def ask(
    of: Instance,
    path: str,
    method: str = "GET",
    *,
    now: datetime = NOW,
    token: str | None = None,
    **headers: str,
) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        named["x-aws-ec2-metadata-token"] = token
    return answer(of, Request(method, path, named), key=KEY, now=now)


def token(of: Instance, ttl_seconds: str = "60") -> Response:
    return ask(of, "/latest/api/token", "PUT", x_aws_ec2_metadata_token_ttl_seconds=ttl_seconds)


def read(of: Instance, path: str) -> str:
    """What a path says to a client of version 2."""
    response = ask(of, f"/latest/{path}", token=token(of).body.decode())
    return response.body.decode() if response.status == 200 else str(response.status.value)


@pytest.mark.parametrize("ttl", ["", "0", "21601", "-1", "1.5", "\uff11", "x"])
def test_a_tokens_life_is_one_second_to_six_hours(ttl: str) -> None:
    """Other lives are refused, and so is a request that came through a proxy."""
    assert token(instance(5), ttl).status == 400
    assert token(instance(5), "21600").status == 200
    forwarded = ask(
        instance(5),
        "/latest/api/token",
        "PUT",
        x_forwarded_for="192.0.2.1",
        x_aws_ec2_metadata_token_ttl_seconds="60",
    )
    assert forwarded.status == 403


def test_only_the_tokens_answer_bears_the_hop_limit() -> None:
    """The limit is the instance's, and is put on the token's packets, as its name says."""
    box = instance(5, metadata=metadata_options(http_put_response_hop_limit=3))
    assert token(box).hop_limit == 3
    assert ask(box, "/latest/meta-data/instance-id").hop_limit is None


@pytest.mark.parametrize("tokens", ["required", "optional"])
def test_a_stale_or_foreign_token_is_refused(tokens: str) -> None:
    """Even where none is needed, a token that is given must be one's own and alive."""
    box = instance(5, metadata=metadata_options(http_tokens=tokens))
    mine, foreign = token(box).body.decode(), token(instance(6)).body.decode()

    def status(text: str, seconds: int = 0) -> int:
        now = NOW + timedelta(seconds=seconds)
        path = "/latest/meta-data/"
        return ask(box, path, now=now, token=text).status.value

    assert (status(mine), status(mine, 59), status(mine, 60)) == (200, 200, 401)
    assert {status(foreign), status(mine[:-4] + "AAAA"), status("x"), status("é")} == {401}
    assert ask(box, "/latest/meta-data/").status == (401 if tokens == "required" else 200)


@given(st.text())
def test_no_made_up_token_is_taken(text: str) -> None:
    """Whatever is sent as a token, nothing breaks and nothing is told."""
    response = ask(instance(5), "/latest/user-data", token=text)
    assert response.status == 401


def test_the_switches_come_first() -> None:
    """Metadata that is off answers 403 to everything, metadata that fails 503."""
    off = instance(5, metadata=metadata_options(http_endpoint="disabled"))
    assert {token(off).status, ask(off, "/").status} == {403}
    assert token(instance(5, metadata_fails=True)).status == 503


def test_listings_lead_to_values() -> None:
    """Every name that a listing shows answers, down to the last."""
    box = instance(
        5,
        credentials=ROLE,
        public_keys=(("my-key", "ssh-ed25519 AAAA"),),
        metadata=metadata_options(instance_metadata_tags="enabled"),
        tags={"Name": "box", "a:b": "c"},
        spot_notice=SpotNotice(action="terminate", time="2026-01-27T09:32:00Z"),
        rebalance_notice="2026-01-27T09:30:00Z",
    )
    waiting, seen = ["meta-data/", "dynamic/"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        text = read(box, path)
        assert text != "404", path
        if path.endswith("/"):
            waiting += [path + name.partition("=")[0] for name in text.split("\n")]
    assert {
        "meta-data/tags/instance/a:b",
        "meta-data/iam/security-credentials/reader",
        "meta-data/network/interfaces/macs/0a:00:00:00:00:05/public-ipv4s",
        "dynamic/instance-identity/document",
        "meta-data/public-keys/0",
    } <= seen
    assert read(box, "meta-data/public-keys/") == "0=my-key"
    assert read(box, "meta-data/public-keys/0/openssh-key") == "ssh-ed25519 AAAA"
    assert read(box, "meta-data/iam/security-credentials") == "reader"


def test_values_are_the_instances_own() -> None:
    """Identity, place and role read as on EC2."""
    box = instance(5, credentials=ROLE)
    assert read(box, "meta-data/local-hostname") == "ip-10-0-0-5.us-west-2.compute.internal"
    assert read(box, "meta-data/placement/availability-zone") == "us-west-2a"
    assert read(box, "meta-data/public-ipv4") == "54.0.0.5"
    document = json.loads(read(box, "dynamic/instance-identity/document"))
    assert (document["instanceId"], document["region"]) == (box.instance_id, "us-west-2")
    vended = json.loads(read(box, "meta-data/iam/security-credentials/reader"))
    assert (vended["AccessKeyId"], vended["Expiration"]) == ("ASIA1", "2026-01-27T15:30:00Z")


def test_what_is_not_there_is_not_found() -> None:
    """No role, no notice, tags switched off, no user-data: 404 each; unknown names as well."""
    box = instance(5, tags={"Name": "box"})
    for path in (
        "meta-data/iam/info",
        "meta-data/spot/instance-action",
        "meta-data/events/recommendations/rebalance",
        "meta-data/tags/instance/Name",
        "user-data",
        "meta-data/instance-id/x",
        "nothing",
    ):
        assert read(box, path) == "404", path


def test_user_data_is_the_bytes_that_were_given() -> None:
    """Gzipped user-data comes back bit by bit."""
    raw = bytes(range(256))
    box = instance(5, user_data=base64.b64encode(raw).decode())
    mine = token(box).body.decode()
    for version in ("latest", "2021-03-23"):
        assert ask(box, f"/{version}/user-data", token=mine).body == raw
    assert ask(box, "/9/user-data", token=mine).status == 404


def test_an_answer_says_the_time() -> None:
    """The date of each answer is what agents check their clocks against."""
    request = parse_request(b"GET /latest/ HTTP/1.1\r\nHost: x\r\nX-Y:  z \r\n\r\n")
    assert request == Request("GET", "/latest/", {"host": "x", "x-y": "z"})
    assert parse_request(b"nonsense\r\n\r\n") is None
    head, _, body = render_response(
        ask(instance(5), "/latest/"), now=NOW, with_body=True
    ).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert b"Date: Tue, 27 Jan 2026 09:30:00 GMT" in head
    assert b"Server: EC2ws" in head
    assert f"Content-Length: {len(body)}".encode() in head
