"""What is understood of who calls."""

from __future__ import annotations

import pytest

from spawn.aws.sts import identity


@pytest.mark.parametrize(
    ("arn", "owner", "partition"),
    [
        ("arn:aws:iam::123456789012:user/alice", "alice", "aws"),
        ("arn:aws:iam::123456789012:user/team/ml/bob", "bob", "aws"),
        (
            "arn:aws:sts::123456789012:assumed-role/Admin/carol@example.com",
            "carol@example.com",
            "aws",
        ),
        ("arn:aws-us-gov:sts::123456789012:federated-user/dave", "dave", "aws-us-gov"),
        ("arn:aws-cn:iam::123456789012:root", "root", "aws-cn"),
        ("arn:aws:iam::123456789012:user/a,b", "a=2Cb", "aws"),
        ("arn:aws:iam::123456789012:user/a=2Cb", "a=3D2Cb", "aws"),
        ("arn:aws:iam::123456789012:user/a=b", "a=b", "aws"),
    ],
)
def test_the_owner_is_the_person(arn: str, owner: str, partition: str) -> None:
    """Users, roles' sessions and root each give a name that every service's tags can carry."""
    found = identity({"Account": "123456789012", "Arn": arn, "UserId": "AIDA"})
    assert (found.owner, found.partition, found.account) == (owner, partition, "123456789012")


@pytest.mark.parametrize("arn", ["", "alice", "urn:aws:iam::1:user/alice"])
def test_what_is_no_arn_is_refused(arn: str) -> None:
    """An answer of another shape is an error, not an owner."""
    with pytest.raises(ValueError, match="not an ARN"):
        identity({"Account": "1", "Arn": arn, "UserId": "u"})
