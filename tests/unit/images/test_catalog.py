import pytest

from spawn.images.catalog import (
    AL2023,
    FAMILIES,
    PUBLISHERS,
    family_of,
    login_user,
    publisher_of,
)

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
        ("Amazon", "Deep Learning AMI GPU PyTorch 2.9 (Ubuntu 22.04) 20260930", "ubuntu"),
        ("Amazon", "Deep Learning Base Neuron AMI (Amazon Linux 2) 20260930", "ec2-user"),
        ("Amazon", "Windows_Server-2022-English-Full-Base-2026.09.09", "Administrator"),
        ("Amazon", "bottlerocket-aws-k8s-1.33-x86_64-v1.40.0-1234abcd", None),
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
    owners = [
        owner for publisher in PUBLISHERS for line in publisher.accounts for owner in line.values()
    ]
    assert len(set(owners)) == len(owners)
    assert all(len(owner) == 12 and owner.isdigit() for owner in owners)


def test_a_family_is_asked_for_in_its_publishers_accounts() -> None:
    """Whatever account a family is found in is one that its publisher owns."""
    for family in FAMILIES:
        assert family.accounts in (*family.publisher.accounts, {}), family.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("al2023-ami-2023.12.20260930.0-kernel-6.18-x86_64", True),
        ("al2023-ami-minimal-2023.12.20260930.0-kernel-6.1-arm64", False),
        ("al2023-ami-ecs-hvm-2023.0.20260914-kernel-6.1-arm64", False),
        ("amzn2-ami-hvm-2.0.20260202.2-x86_64-gp2", True),
        ("amzn2-ami-kernel-5.10-hvm-2.0.20260202.2-arm64-gp2", True),
        ("amzn2-ami-hvm-2.0.20190313-x86_64-gp2", False),
        ("amzn2-ami-minimal-hvm-2.0.20260202.2-x86_64-ebs", False),
        ("ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20250610", True),
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-arm64-server-20260930", True),
        ("ubuntu/images/hvm-ssd/ubuntu-bionic-18.04-amd64-server-20230607", False),
        ("ubuntu-minimal/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-minimal-20260930", False),
        ("debian-12-amd64-20260101-1", False),
    ],
)
def test_which_images_bring_instance_connect(name: str, expected: bool) -> None:
    """As EC2's documentation has it: no minimal, ECS or old images, and no Debian."""
    family = next(
        found for publisher in PUBLISHERS if (found := family_of(publisher, name)) is not None
    )
    assert family.has_instance_connect is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64", True),
        ("al2023-ami-2023.12.20260930.0-kernel-6.1-arm64", True),
        ("al2023-ami-minimal-2023.12.20260930.0-kernel-6.1-x86_64", False),
        ("al2023-ami-ecs-hvm-2023.0.20260914-kernel-6.1-arm64", False),
        ("al2023-ami-ecs-neuron-hvm-2023.0.20260527-kernel-6.1-x86_64", False),
        ("al2023-ami-2023.12.20260930.0-kernel-6.18-x86_64", True),
        ("al2023-ami-2023.12.20260930.0-kernel-6.1-i386", False),
        ("evil/al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64", False),
    ],
)
def test_the_default_family_holds_no_variants(name: str, expected: bool) -> None:
    """Minimal, ECS and Neuron images are not the default image; each kernel's is one."""
    assert AL2023.includes(name) is expected
