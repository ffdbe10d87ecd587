from typing import Any

import pytest

from spawn.core.errors import InputError
from spawn.images.boots import Boot, system_of
from spawn.images.choose import given_image
from tests.unit.images.listings import AMI, ME, STRANGER, X86, image, listing

UNSERVED = [
    ({"Platform": "windows", "OwnerId": STRANGER}, Boot.WINDOWS, "EC2Launch"),
    (
        {"Platform": "Windows", "Name": "Windows_Server-2025-English-Core-Base-2026.10.01"},
        Boot.WINDOWS,
        "EC2Launch",
    ),
    ({"Name": "bottlerocket-aws-k8s-1.33-x86_64-v1.40.0-ab"}, Boot.BOTTLEROCKET, "TOML"),
    ({"Name": "Flatcar-stable-4230.2.3-hvm", "OwnerId": STRANGER}, Boot.IGNITION, "Ignition"),
    ({"Name": "renamed", "OwnerId": "075585003325"}, Boot.IGNITION, "Ignition"),
    ({"Name": "fedora-coreos-42.2026-x86_64"}, Boot.IGNITION, "Ignition"),
    ({"Name": "rhcos-419.96.2026-x86_64"}, Boot.IGNITION, "Ignition"),
    ({"Name": "talos-v1.11.5-eu-west-1-amd64"}, Boot.TALOS, "machine configuration"),
    ({"Name": "FreeBSD 14.3-RELEASE-amd64 UEFI base UFS"}, Boot.OTHER, "no systemd"),
    ({"Name": "nixos/25.05.80-x86_64-linux"}, Boot.OTHER, "configuration"),
]


@pytest.mark.parametrize(("members", "boot", "reading"), UNSERVED)
def test_an_image_that_user_data_cannot_serve_is_refused(
    members: dict[str, Any], boot: Boot, reading: str
) -> None:
    """The reason is what reads user-data there; the next command launches it without an agent."""
    unserved = image(**members)
    with pytest.raises(InputError) as refusal:
        given_image([unserved], AMI, X86, onlooker=ME, no_agent=False)
    assert system_of(unserved).title in refusal.value.what
    assert reading in refusal.value.why
    assert "backstop alone" in refusal.value.why
    assert refusal.value.next_command == (
        f"spawn launch --instance-type t3.micro --ami {AMI} --no-agent"
    )
    accepted = given_image([unserved], AMI, X86, onlooker=ME, no_agent=True)
    assert accepted.boot is boot


@pytest.mark.parametrize("boot", [each for each in Boot if each is not Boot.CLOUD_INIT])
def test_each_way_to_boot_has_an_example(boot: Boot) -> None:
    """No way to boot stands in the table that no image shows."""
    assert boot in {case[1] for case in UNSERVED}


@pytest.mark.parametrize(
    "name",
    ["", "golden", "talos-like-ubuntu", "my-bottlerocket-builder", "Fedora-Cloud-Base-AmazonEC2"],
)
def test_what_is_not_recognised_boots_by_cloud_init(name: str) -> None:
    """A name that only resembles one does not keep a person from their own image."""
    chosen = given_image(
        [image(Name=name, OwnerId="123456789012")], AMI, X86, onlooker=ME, no_agent=False
    )
    assert chosen.boot is Boot.CLOUD_INIT


def test_images_by_intent_boot_by_cloud_init() -> None:
    """Nothing that the known publishers put out for everybody is taken for something else."""
    assert {system_of(each).boot for each in listing()} == {Boot.CLOUD_INIT}
