"""Filters of DescribeInstances that EC2 has and moto lacks, by where its instances hold the value.

Source: EC2 API reference, DescribeInstances, Filter.
"""

from __future__ import annotations

from moto.ec2.utils import filter_dict_attribute_mapping

_MORE = {"iam-instance-profile.arn": "iam_instance_profile.Arn"}


def add() -> None:
    """Let moto know them."""
    filter_dict_attribute_mapping.update(_MORE)
