"""EC2's accelerators: what DescribeInstanceTypes says of a type's GPUs and Neuron devices."""

from __future__ import annotations

from spawn.aws.shapes import Shape


class Accelerator(Shape, frozen=True, kw_only=True):
    """One kind of device: "NVIDIA" "T4", "AWS" "Inferentia2". Neuron devices name no maker."""

    name: str = ""
    manufacturer: str = ""


class GpuInfo(Shape, frozen=True, kw_only=True):
    """The GPUs of a type."""

    gpus: tuple[Accelerator, ...] = ()


class InferenceAcceleratorInfo(Shape, frozen=True, kw_only=True):
    """The inference accelerators of a type."""

    accelerators: tuple[Accelerator, ...] = ()


class NeuronInfo(Shape, frozen=True, kw_only=True):
    """The Inferentia and Trainium devices of a type."""

    neuron_devices: tuple[Accelerator, ...] = ()
