"""Key pairs by their ids too: moto knows them by name alone."""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError


def describe_key_pairs(duty: Duty) -> Any:
    """The pairs of the names, the ids and the filters, with their public keys where asked.

    moto passes over ids, and whether it shows keys is one switch for all calls at once.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeKeyPairs.html
    """
    parameters, region = duty.call.parameters, duty.call.region
    named = [_named(pair_id, region).key_name for pair_id in parameters.get("KeyPairIds") or []]
    filters = {f["Name"]: f.get("Values", []) for f in parameters.get("Filters") or []}
    found = account.ec2(region).describe_key_pairs(
        [*(parameters.get("KeyNames") or []), *named], filters
    )
    with_key = bool(parameters.get("IncludePublicKey"))
    return {"KeyPairs": [_shown(pair, with_key=with_key) for pair in found]}


def delete_by_id(duty: Duty) -> Any:
    """A call that names no id is moto's; to delete what is not there by its name is no error.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteKeyPair.html
    """
    pair_id = duty.call.parameters.get("KeyPairId")
    if not pair_id:
        return None
    pair = _named(pair_id, duty.call.region)
    account.ec2(duty.call.region).delete_key_pair(pair.key_name)
    return {"Return": True, "KeyPairId": pair.id}


def _named(pair_id: str, region: str) -> Any:
    pair = account.find_key_pair(pair_id, region)
    if pair is None or pair.id != pair_id:
        raise AwsError("InvalidKeyPair.NotFound", f"The key pair '{pair_id}' does not exist")
    return pair


def _shown(pair: Any, *, with_key: bool) -> dict[str, Any]:
    shown = {
        "KeyPairId": pair.id,
        "KeyName": pair.key_name,
        "KeyType": pair.key_type,
        "KeyFingerprint": pair.key_fingerprint,
        "CreateTime": pair.create_time,
        "Tags": pair.get_tags(),
    }
    return {**shown, "PublicKey": pair.public_key} if with_key else shown
