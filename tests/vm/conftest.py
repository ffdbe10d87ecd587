"""What boots a machine: the image that `make test-vm` made, and whatever runs it fastest here."""

import os
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from spawn.core.steps import Parameters
from spawn.launch.plan import make_plan
from spawn.local.world import Instance
from tests.e2e.boxes import wait_for
from tests.e2e.plane.worlds import instance, metadata_options
from tests.tools.programs import SYSTEM_PATH
from tests.unit.launch.accounts import LAUNCH_ID, fresh_account, spec
from tests.vm.machine import Accelerator, Machine, start_of_words

KVM = Accelerator(name="kvm", ttl=timedelta(minutes=3), boot_seconds=120)
# Emulated, on a machine that others use too: measured were two to five minutes until a login.
TCG = Accelerator(name="tcg", ttl=timedelta(minutes=10), boot_seconds=580)
PROBE_SECONDS = 20
Boot = Callable[..., Machine]


@pytest.fixture(scope="session")
def image() -> Path:
    """The directory with the machine's kernel and disk."""
    if "VM_IMAGE" not in os.environ:
        pytest.fail("type: make test-vm", pytrace=False)
    return Path(os.environ["VM_IMAGE"])


@pytest.fixture(scope="session")
def accelerator(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Accelerator:
    """KVM where it boots a kernel, which some machines only claim; else emulation."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return TCG
    said = tmp_path_factory.mktemp("probe") / "console"
    said.touch()
    options = ("-append", "earlyprintk=serial", "-serial", f"file:{said}", "-no-reboot")
    words = (*start_of_words(image, "kvm"), *options)
    with subprocess.Popen(words, env={"PATH": SYSTEM_PATH}, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(
                lambda: "Linux version" in said.read_text(encoding="utf-8", errors="replace"),
                "the kernel's first words",
                seconds=PROBE_SECONDS,
            )
        except AssertionError:
            return TCG
        finally:
            process.kill()
    return KVM


@pytest.fixture(scope="module")
def boot(
    image: Path, accelerator: Accelerator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Boot]:
    """What starts a machine with a person's user-data, as `spawn launch` would have it.

    Fields of the instance may be given others than the launch's.
    """
    machines: list[Machine] = []

    def start(user_data: bytes, /, **changes: object) -> Machine:
        launched = msgspec.structs.replace(_instance(user_data, accelerator.ttl), **changes)
        directory = tmp_path_factory.mktemp("machine")
        machine = Machine(directory, launched, image=image, accelerator=accelerator)
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        machine.process.kill()
        machine.process.wait()


def _instance(user_data: bytes, ttl: timedelta) -> Instance:
    """Return the instance that RunInstances would make of such a launch, now."""
    asked = spec(ttl=ttl, user_data=user_data)
    plan = make_plan(asked, fresh_account(asked), now=datetime.now(UTC), launch_id=LAUNCH_ID)
    sent = plan.run.parameters
    assert b64decode(sent["UserData"]).startswith(b"\x1f\x8b")
    return instance(
        1,
        metadata=metadata_options(instance_metadata_tags="enabled"),
        tags=_tags(sent),
        user_data=sent["UserData"],
    )


def _tags(sent: Parameters) -> dict[str, str]:
    specifications = {each["ResourceType"]: each["Tags"] for each in sent["TagSpecifications"]}
    return {tag["Key"]: tag["Value"] for tag in specifications["instance"]}
