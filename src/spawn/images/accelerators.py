"""What an instance type computes with besides its processor, and which drivers that needs: pure."""

from __future__ import annotations

import re

from spawn.aws.ec2 import InstanceType
from spawn.images.catalog import DEEP_LEARNING, OperatingSystem

# EC2 instance types guide, naming conventions: g and gr for graphics, p for GPU computing.
_GPU_FAMILY = re.compile(r"(g|gr|p)\d", re.ASCII)
# NVIDIA's open kernel modules, which the Base images carry, begin with the Turing architecture
# (NVIDIA driver README, "Open Linux Kernel Modules"). These are older.
_BEFORE_TURING = frozenset({"K520", "K80", "M60", "V100"})


def looks_accelerated(instance_type_name: str) -> bool:
    """Whether a type of that name may have GPUs, before AWS has said what it is made of.

    Wrongly yes makes a question's answer longer; wrongly no boots a plain image, with a note.
    """
    return _GPU_FAMILY.match(instance_type_name) is not None


def wants_deep_learning(instance_type: InstanceType) -> bool:
    """Whether the type's GPUs work with AWS's Deep Learning Base images."""
    gpus = instance_type.gpu_info.gpus
    return any(gpu.manufacturer == "NVIDIA" and gpu.name not in _BEFORE_TURING for gpu in gpus)


def accelerators_of(instance_type: InstanceType) -> tuple[str, ...]:
    """Return the names of the devices, each kind once: "NVIDIA T4"."""
    devices = (
        *instance_type.gpu_info.gpus,
        *instance_type.inference_accelerator_info.accelerators,
        *instance_type.neuron_info.neuron_devices,
    )
    names = (f"{device.manufacturer or 'AWS'} {device.name}".strip() for device in devices)
    return tuple(dict.fromkeys(names))


def missing_drivers(instance_type: InstanceType, os: OperatingSystem) -> str:
    """Say what a plain image of the system lacks on the type; empty where it lacks nothing."""
    devices = accelerators_of(instance_type)
    if not devices:
        return ""
    return f"no drivers for {' and '.join(devices)} are on the image{_reason(instance_type, os)}"


def _reason(instance_type: InstanceType, os: OperatingSystem) -> str:
    if wants_deep_learning(instance_type) and os not in DEEP_LEARNING:
        others = ", ".join(DEEP_LEARNING)
        return f": AWS makes no Deep Learning image of {os.label}, but of {others}"
    if wants_deep_learning(instance_type):
        return f": none of the Deep Learning images of {os.label} was found"
    if any(gpu.manufacturer == "NVIDIA" for gpu in instance_type.gpu_info.gpus):
        return ": the Deep Learning images' open driver begins with the Turing architecture"
    return ": install them, or name an image that has them with --ami"
