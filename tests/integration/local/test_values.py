"""Secrets, parameters and keys behave as AWS documents where a workload could tell."""

from __future__ import annotations

import pytest

from spawn.local.control.values import MOST_PARAMETER_BYTES, MOST_SECRET_BYTES
from tests.integration.local.conftest import Account, refusal


def test_values_are_as_large_as_they_may_be(account: Account) -> None:
    """A value of the documented size is kept, and one byte more is refused, in either service."""
    manager, ssm = account.client("secretsmanager"), account.client("ssm")
    manager.create_secret(Name="full", SecretString="x" * MOST_SECRET_BYTES)
    code, _ = refusal(
        manager.put_secret_value, SecretId="full", SecretBinary=b"x" * (MOST_SECRET_BYTES + 1)
    )
    assert code == "ValidationException"
    ssm.put_parameter(Name="/full", Value="x" * MOST_PARAMETER_BYTES, Type="SecureString")
    more = {"Name": "/more", "Value": "x" * (MOST_PARAMETER_BYTES + 1), "Type": "String"}
    assert refusal(ssm.put_parameter, **more)[0] == "ValidationException"
    ssm.put_parameter(**more, Tier="Advanced")


@pytest.mark.parametrize("member", ["KeyId", "Arn"])
def test_a_key_is_switched_by_either_of_its_names(account: Account, member: str) -> None:
    """Id and ARN both switch it off and on again."""
    kms = account.client("kms")
    name = kms.create_key()["KeyMetadata"][member]
    for switch, state in ((kms.disable_key, "Disabled"), (kms.enable_key, "Enabled")):
        switch(KeyId=name)
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == state


def test_a_secret_tells_what_becomes_of_it(account: Account) -> None:
    """A description has the key that was named, none for AWS's own, and when it is to go."""
    manager = account.client("secretsmanager")
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    manager.create_secret(Name="ours", SecretString="x", KmsKeyId=key)
    manager.create_secret(Name="aws", SecretString="x")
    assert manager.describe_secret(SecretId="ours")["KmsKeyId"] == key
    assert "KmsKeyId" not in manager.describe_secret(SecretId="aws")
    manager.delete_secret(SecretId="ours", RecoveryWindowInDays=7)
    assert manager.describe_secret(SecretId="ours")["DeletedDate"]
    assert refusal(manager.get_secret_value, SecretId="ours")[0] == "InvalidRequestException"
