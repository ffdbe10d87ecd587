"""What is never recorded: secrets, and what callers put into tables and queues.

Sources: the pages on logging with CloudTrail in the guides of Secrets Manager, Systems Manager,
SQS and DynamoDB; CloudTrail's user guide for EC2. Whatever botocore's models call sensitive is
hidden too.
"""

from __future__ import annotations

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
REMOVED = "<sensitiveDataRemoved>"  # EC2's word for it

_REMOVED = frozenset({"keymaterial", "password", "passworddata", "userdata"})
_HIDDEN = frozenset(
    {
        *("authorizationtoken", "externalid", "messageattributes", "messagebody", "newpassword"),
        *("oldpassword", "password", "plaintext", "privatekey", "randompassword"),
        *("secretaccesskey", "secretbinary", "secretstring", "serialnumber", "sessiontoken"),
        *("tokencode", "tokenvalue", "logevents"),
    }
)
_HIDDEN_IN = {"ssm:PutParameter": frozenset({"value"}), "sns:Publish": frozenset({"message"})}
# What of DynamoDB's requests holds attributes that are no keys: left out without a word.
_LEFT_OUT = frozenset(
    {
        *("attributeupdates", "expected", "expressionattributevalues", "keyconditions"),
        *("queryfilter", "scanfilter", "parameters", "exclusivestartkey"),
    }
)


def hidden_in(call_name: str, member: str) -> str | None:
    """What stands in the event in place of a member; None where its value may stand."""
    name = member.lower()
    service = call_name.partition(":")[0]
    if service == "ec2":
        return REMOVED if name in _REMOVED or name in _HIDDEN else None
    if name in _HIDDEN or name in _HIDDEN_IN.get(call_name, ()):
        return HIDDEN
    return None


def is_left_out(call_name: str, member: str) -> bool:
    """Whether a member is not even named."""
    return call_name.startswith("dynamodb:") and member.lower() in _LEFT_OUT
