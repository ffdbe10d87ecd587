"""Key pairs by their ids, as EC2 takes them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import Account


def test_a_pair_is_known_by_its_id(account: Account) -> None:
    """It is shown and deleted by its id alone; an id that nothing has is an error for both."""
    ec2 = account.client("ec2")
    pair_id = ec2.create_key_pair(KeyName="mine", KeyType="ed25519")["KeyPairId"]
    ec2.create_key_pair(KeyName="other", KeyType="ed25519")
    ec2.describe_key_pairs()
    (shown,) = ec2.describe_key_pairs(KeyPairIds=[pair_id], IncludePublicKey=True)["KeyPairs"]
    assert (shown["KeyName"], shown["PublicKey"].split()[0]) == ("mine", "ssh-ed25519")
    ec2.delete_key_pair(KeyPairId=pair_id)
    assert [one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]] == ["other"]
    with pytest.raises(ClientError, match=r"InvalidKeyPair\.NotFound"):
        ec2.delete_key_pair(KeyPairId=pair_id)
    with pytest.raises(ClientError, match=r"InvalidKeyPair\.NotFound"):
        ec2.describe_key_pairs(KeyPairIds=[pair_id])
