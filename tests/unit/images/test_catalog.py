import pytest

from spawn.images.catalog import AL2023, PUBLISHERS, login_user, publisher_of

OWNERS = {
    ("Amazon", "aws"): "137112412989",
    ("Canonical", "aws"): "099720109477",
    ("Debian", "aws"): "136693071363",
}


@pytest.mark.parametrize(
    ("publisher", "name", "expected"),
    [
        ("Amazon", "al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64", "ec2-user"),
        ("Amazon", "al2023-ami-minimal-2023.12.20260930.0-kernel-6.1-arm64", "ec2-user"),
        ("Amazon", "amzn2-ami-hvm-2.0.20260930.0-x86_64-gp2", "ec2-user"),
        ("Canonical", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-1", "ubuntu"),
        ("Debian", "debian-12-amd64-20260101-1", "admin"),
        ("Amazon", "Windows_Server-2022-English-Full-Base", None),
        ("Canonical", "debian-12-amd64-20260101-1", None),
    ],
)
def test_owner_and_name_tell_who_logs_in(publisher: str, name: str, expected: str | None) -> None:
    """A known publisher's image of a known family has its login user; others have none."""
    found = publisher_of(OWNERS[publisher, "aws"], alias="", partition="aws")
    assert found is not None
    assert found.name == publisher
    assert login_user(found, name) == expected


def test_a_strangers_image_has_no_login_user() -> None:
    """A name that anybody may give to an image proves nothing."""
    stranger = publisher_of("666666666666", alias="", partition="aws")
    assert stranger is None
    assert login_user(stranger, "debian-12-amd64-20260101-1") is None


def test_accounts_count_in_their_own_partition() -> None:
    """An account id means its publisher only in the partition that the account is in."""
    china = publisher_of("141808717104", alias="", partition="aws-cn")
    assert china is AL2023.publisher
    assert publisher_of("141808717104", alias="", partition="aws") is None
    assert publisher_of("000000000000", alias="amazon", partition="aws-iso") is AL2023.publisher
    assert publisher_of("000000000000", alias="aws-marketplace", partition="aws") is None


def test_no_account_has_two_publishers() -> None:
    """Within the table every account id stands once, twelve digits long."""
    owners = [owner for publisher in PUBLISHERS for owner in publisher.owners.values()]
    assert len(set(owners)) == len(owners)
    assert all(len(owner) == 12 and owner.isdigit() for owner in owners)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64", True),
        ("al2023-ami-2023.12.20260930.0-kernel-6.1-arm64", True),
        ("al2023-ami-minimal-2023.12.20260930.0-kernel-6.1-x86_64", False),
        ("al2023-ami-ecs-hvm-2023.0.20260914-kernel-6.1-arm64", False),
        ("al2023-ami-ecs-neuron-hvm-2023.0.20260527-kernel-6.1-x86_64", False),
        ("al2023-ami-2023.12.20260930.0-kernel-6.18-x86_64", False),
        ("evil/al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64", False),
    ],
)
def test_the_default_family_holds_no_variants(name: str, expected: bool) -> None:
    """Minimal, ECS and Neuron images, and other kernels, are not the default image."""
    assert AL2023.includes(name) is expected
