"""Key pairs in AWS: which one a launch names, and that it is the key it claims to be."""

from __future__ import annotations

import shlex

from spawn.aws.ec2 import DESCRIBE_KEY_PAIRS, IMPORT_KEY_PAIR, KeyPair, key_pairs
from spawn.aws.questions import Absent, Fact, Known, Question, Unseen
from spawn.connect.keys import pair_name
from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.core.errors import AccessDenied, NamedThingNotFound, RefusedByControl
from spawn.core.steps import Step
from spawn.core.tags import tag_list

FOREIGN_KEY_CONTROL = "SSH-KEY-FOREIGN"
_NOT_FOUND = "InvalidKeyPair.NotFound"
_DUPLICATE = "InvalidKeyPair.Duplicate"


def key_pair_question(name: str, *, region: str) -> Question[tuple[KeyPair, ...]]:
    """Ask for the key pair of a name, with its public key."""
    return Question(
        operation=DESCRIBE_KEY_PAIRS,
        parameters={"KeyNames": [name], "IncludePublicKey": True},
        region=region,
        understand=key_pairs,
        absent_codes=(_NOT_FOUND,),
    )


def plan_key_pair(
    key: PublicKey,
    existing: Fact[tuple[KeyPair, ...]],
    *,
    region: str,
    tags: dict[str, str],
) -> Step | None:
    """Return the step that makes AWS know the person's key, None where AWS knows it already.

    The pair is shared by all of the person's launches from this machine, so no launch takes it
    back. Raises RefusedByControl where another key stands under the name (someone who may import
    keys could so let themselves in), AccessDenied where it can't be looked at.
    """
    found = _found(pair_name(key), existing)
    if found is not None:
        _require_same_key(key, found, region=region)
        return None
    return Step(
        operation=IMPORT_KEY_PAIR.key,
        region=region,
        parameters={
            "KeyName": pair_name(key),
            "PublicKeyMaterial": key.line,
            "TagSpecifications": [{"ResourceType": "key-pair", "Tags": tag_list(tags)}],
        },
        sentence=f"import your SSH public key as the key pair {pair_name(key)}",
        collides=(_DUPLICATE,),
    )


def require_key_pair(name: str, existing: Fact[tuple[KeyPair, ...]], *, region: str) -> KeyPair:
    """Return the key pair that a person named.

    Raises NamedThingNotFound where the region has none of that name, AccessDenied where it
    can't be looked at.
    """
    found = _found(name, existing)
    if found is None:
        raise NamedThingNotFound(
            f"there is no key pair {name!r} in {region}",
            why="key pairs belong to one region; leave --key-pair out to use spawn's own key",
            next_command=(
                f"aws ec2 describe-key-pairs --region {shlex.quote(region)} "
                "--query 'KeyPairs[].KeyName'"
            ),
        )
    return found


def _found(name: str, fact: Fact[tuple[KeyPair, ...]]) -> KeyPair | None:
    match fact:
        case Known(value=pairs):
            return next((pair for pair in pairs if pair.key_name == name), None)
        case Absent():
            return None
        case Unseen(operation=operation, why=why):
            raise AccessDenied(
                f"AWS denied {operation}, so the key pair {name!r} can't be checked",
                why=why,
                operation=operation,
            )


def _require_same_key(key: PublicKey, found: KeyPair, *, region: str) -> None:
    theirs = _public_key(found)
    if theirs == key:
        return
    shown = theirs.fingerprint if theirs else found.key_fingerprint or "one that AWS does not show"
    raise RefusedByControl(
        f"the key pair {found.key_name} in {region} is not your key",
        why=(
            f"yours is {key.fingerprint}, AWS has {shown}: an instance launched with "
            "it would admit whoever holds that key"
        ),
        next_command=(
            f"aws ec2 delete-key-pair --region {shlex.quote(region)} --key-name {found.key_name}"
        ),
        controls=(FOREIGN_KEY_CONTROL,),
    )


def _public_key(pair: KeyPair) -> PublicKey | None:
    try:
        return parse_public_key(pair.public_key)
    except ValueError:
        return None
