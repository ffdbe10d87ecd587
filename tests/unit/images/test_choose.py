from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from spawn.aws.ec2 import InstanceType
from spawn.aws.ec2_images import Image
from spawn.core.errors import AccountError, InputError, NamedThingNotFound, SpawnError
from spawn.images.choose import (
    architecture_of,
    given_image,
    given_image_question,
    newest_image,
    parse_image_id,
)
from spawn.images.chosen import ChosenImage, ImageVolume, Onlooker, describe_age
from tests.unit.images.listings import AMI, ARM, ME, NOW, X86, image, type_of


def test_an_image_is_known_by_what_a_launch_needs() -> None:
    """Device, size, owner, login user and age are read from AWS's answer, not assumed."""
    chosen = given_image([image()], AMI, X86, onlooker=ME, no_agent=False)
    assert chosen == ChosenImage(
        image_id=AMI,
        name="al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64",
        owner="137112412989",
        owner_is_known=True,
        architecture="x86_64",
        login_user="ec2-user",
        supports_instance_connect=True,
        created=datetime(2026, 10, 1, 6, 28, 33, tzinfo=UTC),
        is_deprecated=False,
        root_device_name="/dev/xvda",
        root_volume_gib=8,
        root_volume_type="gp3",
        root_is_encrypted=False,
    )
    assert chosen.age(NOW) == timedelta(days=29, hours=5, minutes=31, seconds=27)
    assert msgspec.json.decode(msgspec.json.encode(chosen), type=ChosenImage) == chosen


def test_other_volumes_of_an_image_are_seen() -> None:
    """Volumes that would outlive the instance are named; instance store is none of ours."""
    mappings = [
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "Encrypted": True}},
        {
            "DeviceName": "/dev/sdf",
            "Ebs": {"VolumeSize": 500, "VolumeType": "st1", "DeleteOnTermination": False},
        },
        {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
    ]
    chosen = given_image(
        [image(RootDeviceName="/dev/sda1", BlockDeviceMappings=mappings)],
        AMI,
        X86,
        onlooker=ME,
        no_agent=False,
    )
    assert (chosen.root_device_name, chosen.root_volume_gib) == ("/dev/sda1", 20)
    assert chosen.root_is_encrypted
    assert chosen.other_volumes == (
        ImageVolume(
            device_name="/dev/sdf",
            volume_gib=500,
            volume_type="st1",
            is_encrypted=False,
            ends_with_instance=False,
        ),
    )


@pytest.mark.parametrize(
    ("members", "known", "user"),
    [
        ({}, True, "ec2-user"),
        ({"OwnerId": "666666666666"}, False, None),
        ({"OwnerId": "123456789012", "Name": "golden"}, True, None),
        ({"OwnerId": "591542846629", "ImageOwnerAlias": "amazon"}, True, "ec2-user"),
        ({"OwnerId": "679593333241", "ImageOwnerAlias": "aws-marketplace"}, False, None),
    ],
)
def test_an_owner_is_known_or_it_is_not(
    members: dict[str, Any], known: bool, user: str | None
) -> None:
    """Publishers, AWS's own accounts and the caller's are known; a stranger's image is not."""
    chosen = given_image([image(**members)], AMI, X86, onlooker=ME, no_agent=False)
    assert (chosen.owner_is_known, chosen.login_user) == (known, user)


@pytest.mark.parametrize(
    ("deprecation", "expected"),
    [
        ("2026-10-30T12:00:00.000Z", True),
        ("2026-10-30T12:00:01.000Z", False),
        ("", False),
        ("soon", False),
    ],
)
def test_a_deprecated_image_is_called_so(deprecation: str, expected: bool) -> None:
    """An image is deprecated from its deprecation time on."""
    chosen = given_image(
        [image(DeprecationTime=deprecation)], AMI, X86, onlooker=ME, no_agent=False
    )
    assert chosen.is_deprecated is expected


def test_an_unreadable_birth_is_no_age() -> None:
    """An image whose creation date can't be read has no age, rather than a wrong one."""
    chosen = given_image([image(CreationDate="yesterday")], AMI, X86, onlooker=ME, no_agent=False)
    assert chosen.created is None
    assert chosen.age(NOW) is None


def named(number: int, arch: str = "x86_64", **members: Any) -> Image:
    """Return the AL2023 image of a day in September, registered on the next."""
    return image(
        ImageId=f"ami-{number:017x}",
        Name=f"al2023-ami-2023.12.202609{number:02}.0-kernel-6.1-{arch}",
        Architecture=arch,
        **({"CreationDate": f"2026-09-{number + 1:02}T00:00:00.000Z"} | members),
    )


def test_the_newest_fitting_image_is_the_default() -> None:
    """Among the answers the newest of the type's architecture is taken, whatever the order."""
    found = [named(3), named(7), named(5), named(9, "arm64")]
    assert newest_image(found, X86, ME).image_id == named(7).image_id
    assert newest_image(found, ARM, ME).image_id == named(9).image_id
    assert newest_image(found[::-1], X86, ME) == newest_image(found, X86, ME)


def test_of_images_registered_at_once_the_name_decides() -> None:
    """Equal creation dates still give one answer: the later version."""
    same = {"CreationDate": "2026-10-01T00:00:00.000Z"}
    found = [named(4, **same), named(8, **same), named(6, **same)]
    assert newest_image(found, X86, ME).image_id == named(8).image_id


@pytest.mark.parametrize(
    "members",
    [
        {"OwnerId": "666666666666"},
        {"DeprecationTime": "2026-10-01T00:00:00.000Z"},
        {"State": "pending"},
        {"Name": "al2023-ami-minimal-2023.12.20260930.0-kernel-6.1-x86_64"},
        {"Name": "al2023-ami-ecs-hvm-2023.0.20260914-kernel-6.1-x86_64"},
        {"BlockDeviceMappings": []},
        {"Architecture": "arm64"},
    ],
)
def test_a_newer_image_that_does_not_fit_is_passed_over(members: dict[str, Any]) -> None:
    """The answer is not believed beyond the question: strangers and variants never win."""
    newer = image(**({"CreationDate": "2026-10-29T00:00:00.000Z"} | members))
    assert newest_image([newer, named(3)], X86, ME).image_id == named(3).image_id
    with pytest.raises(AccountError, match="x86_64") as refusal:
        newest_image([newer], X86, ME)
    assert "--ami" in refusal.value.why


def test_elsewhere_the_alias_stands_for_the_publisher() -> None:
    """In a partition whose account id is not known, AWS's own alias decides."""
    iso = Onlooker(account="123456789012", partition="aws-iso", region="us-iso-east-1", now=NOW)
    theirs = image(OwnerId="000000000001", ImageOwnerAlias="amazon")
    assert newest_image([theirs], X86, iso).login_user == "ec2-user"


def test_a_named_image_is_asked_for_even_when_deprecated() -> None:
    """A deprecated image is found, so that it can be called deprecated and not missing."""
    question = given_image_question(AMI, region="eu-west-1")
    assert question.parameters["ImageIds"] == [AMI]
    assert question.parameters["IncludeDeprecated"] is True
    assert "InvalidAMIID.NotFound" in question.absent_codes


@pytest.mark.parametrize(
    ("found", "instance_type", "kind", "words"),
    [
        ([], X86, NamedThingNotFound, ["--ami", AMI, "eu-west-1"]),
        ([image(State="deregistered")], X86, InputError, ["is deregistered"]),
        ([image(VirtualizationType="paravirtual")], X86, InputError, ["paravirtual", "HVM"]),
        ([image(RootDeviceType="instance-store")], X86, InputError, ["instance-store", "EBS"]),
        ([image(RootDeviceName="/dev/sda1")], X86, InputError, ["/dev/sda1", "empty disk"]),
        (
            [image()],
            ARM,
            InputError,
            ["x86_64", "--instance-type m7g.large is arm64", "t3.micro", "leave --ami out"],
        ),
        ([image(Architecture="arm64")], X86, InputError, ["arm64", "t4g.micro"]),
        ([image(Architecture="arm64_mac")], X86, InputError, ["arm64_mac", "leave --ami out"]),
    ],
)
def test_an_image_that_cannot_be_launched_is_refused(
    found: list[Image], instance_type: InstanceType, kind: type[SpawnError], words: list[str]
) -> None:
    """Each reason is its own error, naming the flag, the image and what would do."""
    with pytest.raises(SpawnError) as refusal:
        given_image(found, AMI, instance_type, onlooker=ME, no_agent=False)
    assert type(refusal.value) is kind
    said = f"{refusal.value.what} {refusal.value.why}"
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    "text", ["", "ami-", "ubuntu", "ami-xyz", "resolve:ssm:/aws/x", "AMI-01234567"]
)
def test_what_is_no_image_id_is_refused(text: str) -> None:
    """Only an id names an image; the error says what to write."""
    with pytest.raises(InputError, match="--image-id") as refusal:
        parse_image_id(text, flag="--image-id")
    assert "ami-0123456789abcdef0" in refusal.value.why
    assert parse_image_id(AMI) == AMI


def test_a_type_boots_its_64_bit_architecture() -> None:
    """Types that also run 32 bits get the 64-bit image; Macs are refused by name."""
    assert architecture_of(type_of("i386", "x86_64")) == "x86_64"
    assert architecture_of(ARM) == "arm64"
    with pytest.raises(InputError, match=r"--instance-type mac1\.metal"):
        architecture_of(type_of("x86_64_mac", name="mac1.metal"))


@pytest.mark.parametrize("no_agent", [True, False])
def test_no_mac_is_launched(no_agent: bool) -> None:
    """A Mac's image is refused even on a Mac, with an agent and without."""
    mac = image(Architecture="arm64_mac", Name="amzn-ec2-macos-15.1-20261001-arm64")
    with pytest.raises(InputError, match="arm64_mac"):
        given_image(
            [mac], AMI, type_of("arm64_mac", name="mac2.metal"), onlooker=ME, no_agent=no_agent
        )


@pytest.mark.parametrize(
    ("created", "deprecation", "words"),
    [
        ("2026-10-24T12:00:00.000Z", "2026-12-01T00:00:00.000Z", "6 days old, deprecated from"),
        ("2026-10-29T11:00:00.000Z", "", "1 day old"),
        ("2026-10-29T13:00:00.000Z", "", "made today"),
        ("2026-10-30T12:05:00.000Z", "", "made today"),
        ("2026-07-30T12:00:00.000Z", "2026-10-30T11:00:00.000Z", "92 days old, deprecated since"),
        ("yesterday", "soon", "of unknown age"),
    ],
)
def test_age_is_told_in_words(created: str, deprecation: str, words: str) -> None:
    """A summary says how old an image is and when it is withdrawn, and guesses neither."""
    chosen = given_image(
        [image(CreationDate=created, DeprecationTime=deprecation)],
        AMI,
        X86,
        onlooker=ME,
        no_agent=False,
    )
    day = f" {deprecation[:10]}" if words.endswith(("from", "since")) else ""
    assert describe_age(chosen, NOW) == words + day


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, "Linux/UNIX"),
        ({"PlatformDetails": "Linux/UNIX"}, "Linux/UNIX"),
        ({"Platform": "windows"}, "Windows"),
        (
            {"Platform": "windows", "PlatformDetails": "Windows with SQL Server Standard"},
            "Windows with SQL Server Standard",
        ),
        ({"PlatformDetails": "Red Hat Enterprise Linux"}, "Red Hat Enterprise Linux"),
        (
            {"ProductCodes": [{"ProductCodeId": "a1", "ProductCodeType": "marketplace"}]},
            "a product of the AWS Marketplace",
        ),
    ],
)
def test_what_an_image_is_billed_as(members: dict[str, Any], expected: str) -> None:
    """Only plain Linux and Windows have a price that goes with the type alone."""
    chosen = given_image([image(**members)], AMI, X86, onlooker=ME, no_agent=True)
    assert chosen.platform == expected
