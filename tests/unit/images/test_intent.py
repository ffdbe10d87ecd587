import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import InstanceType
from spawn.aws.ec2_images import Image
from spawn.core.errors import AccountError, InputError
from spawn.images.accelerators import looks_accelerated
from spawn.images.catalog import DEEP_LEARNING, PLAIN, OperatingSystem
from spawn.images.choose import image_question, newest_image
from spawn.images.chosen import Onlooker
from tests.unit.images.listings import (
    ARM,
    INFERENTIA,
    ME,
    NOW,
    RADEON,
    STRANGER,
    T4,
    T4G,
    TRAINIUM,
    V100,
    X86,
    listing,
    published,
)

AL2023, NOBLE, JAMMY, BOOKWORM = OperatingSystem
_BASE = "Deep Learning Base OSS Nvidia Driver GPU AMI"
_ARM_BASE = "Deep Learning ARM64 Base OSS Nvidia Driver GPU AMI"
_UBUNTU = "ubuntu/images/hvm-ssd"


@pytest.mark.parametrize(
    ("os", "instance_type", "name", "user"),
    [
        (AL2023, X86, "al2023-ami-2023.12.20261020.0-kernel-6.18-x86_64", "ec2-user"),
        (AL2023, ARM, "al2023-ami-2023.12.20261020.0-kernel-6.18-arm64", "ec2-user"),
        (NOBLE, X86, f"{_UBUNTU}-gp3/ubuntu-noble-24.04-amd64-server-20261020", "ubuntu"),
        (NOBLE, ARM, f"{_UBUNTU}-gp3/ubuntu-noble-24.04-arm64-server-20261020", "ubuntu"),
        (JAMMY, X86, f"{_UBUNTU}/ubuntu-jammy-22.04-amd64-server-20261020", "ubuntu"),
        (JAMMY, ARM, f"{_UBUNTU}/ubuntu-jammy-22.04-arm64-server-20261020", "ubuntu"),
        (BOOKWORM, X86, "debian-12-amd64-20261020-2490", "admin"),
        (BOOKWORM, ARM, "debian-12-arm64-20261020-2490", "admin"),
        (AL2023, T4, f"{_BASE} (Amazon Linux 2023) 20261020", "ec2-user"),
        (AL2023, T4G, f"{_ARM_BASE} (Amazon Linux 2023) 20261020", "ec2-user"),
        (NOBLE, T4, f"{_BASE} (Ubuntu 24.04) 20261020", "ubuntu"),
        (NOBLE, T4G, f"{_ARM_BASE} (Ubuntu 24.04) 20261020", "ubuntu"),
        (JAMMY, T4, f"{_BASE} (Ubuntu 22.04) 20261020", "ubuntu"),
        (JAMMY, T4G, f"{_ARM_BASE} (Ubuntu 22.04) 20261020", "ubuntu"),
    ],
)
def test_the_newest_right_image_is_found(
    os: OperatingSystem, instance_type: InstanceType, name: str, user: str
) -> None:
    """For each system, architecture and kind of type one image is right, whatever the order."""
    chosen = newest_image(listing(), instance_type, ME, os)
    assert (chosen.name, chosen.login_user, chosen.note) == (name, user, "")
    assert chosen.owner_is_known
    assert chosen.supports_instance_connect is (os is not BOOKWORM)
    assert newest_image(listing()[::-1], instance_type, ME, os) == chosen


def test_amazon_linux_boots_its_default_kernel() -> None:
    """Of a release's kernels the default is taken, even an older image; without one, another."""
    older, newer = published(20, "arm64"), published(25, "arm64")
    beginning = [each for each in newer if "kernel-6.1-" in each.name]
    assert newest_image([*beginning, *older], ARM, ME).name == (
        "al2023-ami-2023.12.20261020.0-kernel-6.18-arm64"
    )
    assert newest_image(beginning, ARM, ME).name == (
        "al2023-ami-2023.12.20261025.0-kernel-6.1-arm64"
    )


@pytest.mark.parametrize(
    ("os", "instance_type", "words"),
    [
        (BOOKWORM, T4, ["NVIDIA T4", "no Deep Learning image of Debian 12", "al2023"]),
        (AL2023, V100, ["NVIDIA V100", "Turing"]),
        (NOBLE, RADEON, ["AMD Radeon Pro V520", "--ami"]),
        (AL2023, INFERENTIA, ["for AWS Inferentia2 are", "--ami"]),
        (JAMMY, TRAINIUM, ["AWS Trainium", "--ami"]),
    ],
)
def test_missing_drivers_are_said(
    os: OperatingSystem, instance_type: InstanceType, words: list[str]
) -> None:
    """Where no image has drivers for the type's devices, the plain one boots, with a note."""
    chosen = newest_image(listing(), instance_type, ME, os)
    assert PLAIN[os].includes(chosen.name)
    assert [word for word in words if word not in chosen.note] == []


def test_without_a_deep_learning_image_the_plain_one_boots() -> None:
    """A region without them, or a type whose name showed no GPU, still gets an instance."""
    found = [each for each in listing() if not each.name.startswith("Deep Learning")]
    chosen = newest_image(found, T4, ME, NOBLE)
    assert PLAIN[NOBLE].includes(chosen.name)
    assert "none of the Deep Learning images of Ubuntu 24.04 was found" in chosen.note


@pytest.mark.parametrize("os", OperatingSystem)
def test_where_there_is_no_image_the_system_is_named(os: OperatingSystem) -> None:
    """Without one, the error names system, architecture and region, and how to look for more."""
    others = [each for each in listing() if not PLAIN[os].includes(each.name)]
    with pytest.raises(AccountError) as refusal:
        newest_image(others, ARM, ME, os)
    assert f"no {os.label} image for arm64" in refusal.value.what
    assert "eu-west-1" in refusal.value.what
    assert str(PLAIN[os].owner("aws")) in refusal.value.next_command


# Who is nobody's publisher there: account ids mean something in their own partition only.
_STRANGERS = st.sampled_from(
    [
        ("aws", STRANGER),
        ("aws", "123456789012"),
        ("aws-cn", "137112412989"),
        ("aws-us-gov", "099720109477"),
        ("aws-iso", "136693071363"),
        ("aws-cn", "898082745236"),
    ]
)
_TYPES = st.sampled_from([X86, ARM, T4, T4G, V100])


@given(
    _STRANGERS,
    st.sampled_from(["", "aws-marketplace", "self", "Amazon"]),
    st.sampled_from(OperatingSystem),
    _TYPES,
)
def test_a_strangers_image_is_never_chosen(
    who: tuple[str, str], alias: str, os: OperatingSystem, instance_type: InstanceType
) -> None:
    """Whatever is in the answer, an image of nobody that publishes the system is not booted."""
    partition, owner = who
    (architecture,) = instance_type.processor_info.supported_architectures
    onlooker = Onlooker(account="123456789012", partition=partition, region="x-1", now=NOW)
    theirs = published(28, architecture, owner=owner, ImageOwnerAlias=alias)
    with pytest.raises(AccountError):
        newest_image(theirs, instance_type, onlooker, os)


@given(st.permutations(listing()), st.sampled_from(OperatingSystem), _TYPES)
def test_each_systems_image_is_its_own_publishers(
    found: list[Image], os: OperatingSystem, instance_type: InstanceType
) -> None:
    """In any order of any listing, the image belongs to the account of its line, and is current."""
    chosen = newest_image(found, instance_type, ME, os)
    lines = [PLAIN[os], *([DEEP_LEARNING[os]] if os in DEEP_LEARNING else [])]
    (line,) = [each for each in lines if each.includes(chosen.name)]
    assert chosen.owner == line.accounts["aws"]
    assert not chosen.is_deprecated
    assert chosen.architecture in instance_type.processor_info.supported_architectures


def _asked(
    os: OperatingSystem, partition: str, *, may_be_accelerated: bool = False
) -> tuple[list[str], list[str]]:
    question = image_question(
        os, may_be_accelerated=may_be_accelerated, region="eu-west-1", partition=partition
    )
    assert question.region == "eu-west-1"
    filters = {each["Name"]: each["Values"] for each in question.parameters["Filters"]}
    assert filters["state"] == ["available"]
    return question.parameters["Owners"], filters["name"]


@pytest.mark.parametrize(
    ("os", "partition", "plain", "accelerated"),
    [
        (AL2023, "aws", ["137112412989"], ["137112412989", "898082745236"]),
        (AL2023, "aws-us-gov", ["045324592363"], ["045324592363", "amazon"]),
        (AL2023, "aws-cn", ["141808717104"], ["141808717104", "amazon"]),
        (AL2023, "aws-iso", ["amazon"], ["amazon"]),
        (NOBLE, "aws", ["099720109477"], ["099720109477", "898082745236"]),
        (JAMMY, "aws-us-gov", ["513442679011"], ["513442679011", "amazon"]),
        (NOBLE, "aws-cn", ["837727238323"], ["837727238323", "amazon"]),
        (BOOKWORM, "aws", ["136693071363"], ["136693071363"]),
    ],
)
def test_images_are_asked_for_by_owner(
    os: OperatingSystem, partition: str, plain: list[str], accelerated: list[str]
) -> None:
    """Without owners, anybody's image of the right name would be in the answer."""
    assert _asked(os, partition)[0] == plain
    assert _asked(os, partition, may_be_accelerated=True)[0] == accelerated


@pytest.mark.parametrize(
    ("os", "partition"), [(BOOKWORM, "aws-cn"), (BOOKWORM, "aws-us-gov"), (NOBLE, "aws-iso")]
)
def test_an_unknown_publisher_is_not_guessed(os: OperatingSystem, partition: str) -> None:
    """Where nobody's account is known to publish a system, nothing is asked, and --ami is named."""
    with pytest.raises(InputError, match=f"--os {os}") as refusal:
        _asked(os, partition)
    assert partition in refusal.value.why
    assert "--ami" in refusal.value.why


@pytest.mark.parametrize("os", OperatingSystem)
def test_the_question_finds_what_the_choice_takes(os: OperatingSystem) -> None:
    """What is asked for by name is what is chosen from: no more than plain and GPU images."""
    _, plain = _asked(os, "aws")
    _, both = _asked(os, "aws", may_be_accelerated=True)
    assert plain == list(PLAIN[os].patterns)
    extra = list(DEEP_LEARNING[os].patterns) if os in DEEP_LEARNING else []
    assert both == [*plain, *extra]
    assert len(both) <= 200  # the values that a filter of EC2 takes
    assert not any("[" in pattern or "\\" in pattern for pattern in both)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            "g4dn.xlarge g5g.metal g6f.large gr6.4xlarge gr6f.4xlarge p3.2xlarge p6-b200.48xlarge",
            True,
        ),
        ("t3.micro m7g.large c7gn.large inf2.xlarge trn1.2xlarge x2gd.large u-6tb1.metal", False),
    ],
)
def test_a_types_name_tells_whether_gpus_are_possible(names: str, expected: bool) -> None:
    """The facts round asks for Deep Learning images where a type may need one, and only there."""
    assert [name for name in names.split() if looks_accelerated(name) is not expected] == []
