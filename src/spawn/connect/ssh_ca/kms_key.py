"""A key in KMS that becomes an authority: found, or made; used wherever it is the authority's.

Only keys that carry spawn's tag are taken: what may be signed with is then narrowed by that tag,
and the account's other signing keys stay out of reach.
"""

from __future__ import annotations

import shlex
from datetime import datetime

from spawn.aws.door import Reader
from spawn.aws.kms import (
    CREATE_KEY,
    SigningKey,
    key_tags_question,
    signing_key_question,
)
from spawn.aws.perform import Performer
from spawn.aws.questions import Known, answer_of
from spawn.connect.ssh_ca.authority import Authority
from spawn.connect.ssh_ca.kms_forms import SPECS, public_key_from_kms
from spawn.core.errors import AccountError, NamedThingNotFound
from spawn.core.steps import Output, Step, Yield
from spawn.core.tags import Tag, plain_tag_list

_USAGE = "SIGN_VERIFY"
# Each region of each partition has it; Ed25519 came to KMS late.
NEW_SPEC = "ECC_NIST_P256"


def plan_kms_key(*, region: str, owner: str) -> Step:
    """Return the step that makes a key to sign with.

    Without a key policy of its own it gets KMS's default: who may use it is then said by IAM's
    policies in the account (KMS developer guide, "Default key policy").
    """
    tags = plain_tag_list({Tag.SPAWN.value: "true", Tag.OWNER.value: owner})
    return Step(
        operation=CREATE_KEY.key,
        region=region,
        parameters={
            "KeySpec": NEW_SPEC,
            "KeyUsage": _USAGE,
            "Description": "spawn ssh-ca: signs SSH certificates",
            "Tags": [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags],
        },
        sentence=f"make a KMS key that signs ({NEW_SPEC}), which costs 1 USD a month",
        yields=(Yield(Output.KEY_ARN, ("KeyMetadata", "Arn")),),
    )


def make_kms_key(step: Step, performer: Performer) -> str:
    """Make the key, and return its ARN. Raises AwsRefusal."""
    performance = performer.perform(((step,),))
    for failed in performance.failures:
        if failed.refusal is not None:
            raise failed.refusal
    return performance.outputs[Output.KEY_ARN][0]


def kms_authority(name: str, reader: Reader, *, region: str, now: datetime) -> Authority:
    """Return the authority of a key in KMS, given by id, ARN or alias.

    Raises NamedThingNotFound where there is none, AccountError for one that can't be used, and
    AwsRefusal.
    """
    found = answer_of(reader, signing_key_question(name, _region_of(name, region)))
    if not isinstance(found, Known):
        raise NamedThingNotFound(
            f"there is no KMS key {name!r} in {region} that has a public half",
            why="--kms-key takes the id, ARN or alias of an asymmetric key that signs",
            next_command="spawn ssh-ca init --kms",
        )
    return authority_of(found.value, reader, now=now)


def authority_of(key: SigningKey, reader: Reader, *, now: datetime) -> Authority:
    """Return the authority of a key whose public half is known; raises as `kms_authority`."""
    region = _region_of(key.key_id, "")
    if key.key_usage != _USAGE or key.key_spec not in SPECS:
        raise AccountError(
            f"{key.key_id} can't sign SSH certificates",
            why=f"it is {key.key_spec} for {key.key_usage}; {' and '.join(SPECS)} can, "
            f"with {_USAGE}",
            next_command="spawn ssh-ca init --kms",
        )
    tags = answer_of(reader, key_tags_question(key.key_id, region))
    if not isinstance(tags, Known) or tags.value.get(Tag.SPAWN) != "true":
        tag = ("--tags", f"TagKey={Tag.SPAWN},TagValue=true")
        words = ("aws", "kms", "tag-resource", "--key-id", key.key_id, *tag, "--region", region)
        raise AccountError(
            f"{key.key_id} is not a key for spawn to sign with",
            why=f"it lacks the tag {Tag.SPAWN}=true, by which people are allowed to use it",
            next_command=shlex.join(words),
        )
    try:
        public = public_key_from_kms(key.public_key)
    except ValueError as error:
        raise AccountError(f"{key.key_id} can't sign SSH certificates", why=str(error)) from error
    return Authority(
        public_line=public.line, created_at=now.replace(microsecond=0), kms_key=key.key_id
    )


def _region_of(name: str, otherwise: str) -> str:
    """Return the region that an ARN names."""
    parts = name.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) == 6 else otherwise
