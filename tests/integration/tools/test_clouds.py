"""The tests' cloud answers AWS's own command line, and leaves nothing behind."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.tools.clouds import Cloud, running_cloud
from tests.tools.faults import Effect, Fault
from tests.tools.programs import Program
from tests.tools.proxy import Proxy


@pytest.mark.e2e
def test_the_aws_program_uses_the_cloud(aws: Program) -> None:
    """The locked awscli, in a clean home, is answered by the embedded cloud."""
    identity = aws("sts", "get-caller-identity", "--output", "json")
    assert identity.code == 0, identity.stderr
    assert set(identity.document()) == {"UserId", "Account", "Arn"}


@pytest.mark.e2e
def test_signatures_survive_the_proxy(cloud: Cloud, aws: Program) -> None:
    """Behind the proxy, the cloud still accepts what was signed, bodies and odd keys included."""
    with Proxy(cloud.endpoint_url) as proxy:
        steps = (
            ("s3api", "create-bucket", "--bucket", "proxied"),
            ("s3api", "put-object", "--bucket", "proxied", "--key", "a b/+//c"),
            ("s3api", "head-object", "--bucket", "proxied", "--key", "a b/+//c"),
        )
        for words in steps:
            finished = aws(*words, AWS_ENDPOINT_URL=proxy.url)
            assert finished.code == 0, finished.stderr
        assert [record.call.key for record in proxy.records] == [
            "s3:CreateBucket",
            "s3:PutObject",
            "s3:HeadObject",
        ]
        proxy.place(Fault(effect=Effect.DENY, operation="ec2:DescribeVpcs"))
        denied = aws("ec2", "describe-vpcs", AWS_ENDPOINT_URL=proxy.url)
        assert denied.code == 255
        assert "UnauthorizedOperation" in denied.stderr


@pytest.mark.e2e
def test_a_cloud_goes_away_whole() -> None:
    """After its block, a cloud has no directory left and answers nobody."""
    with running_cloud(control_plane_only=True) as running:
        address = urlsplit(running.endpoint_url)
        assert running.directory.is_dir()
        socket.create_connection(("127.0.0.1", address.port or 0), timeout=5).close()
    assert not running.directory.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", address.port or 0), timeout=5)
