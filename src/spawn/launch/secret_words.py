"""What a plan says of an instance's secrets. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from spawn.aws import ssm
from spawn.aws.questions import Known, Unseen
from spawn.aws.sts import Identity
from spawn.core.levels import Level
from spawn.iam.documents import on_one_line
from spawn.launch.secret_facts import SecretFacts, description_of, unseen
from spawn.launch.secret_rights import secret_statements
from spawn.launch.secret_way import Place
from spawn.launch.spec import LaunchSpec
from spawn.secrets.offers import policy_flag, secret_flag
from spawn.secrets.reads import reads_in
from spawn.secrets.references import SecretReference
from spawn.secrets.unpack import unpack


def secrets_words(spec: LaunchSpec, user: str) -> str:
    """Say which secrets the instance is given, and who may read them there."""
    listed = ", ".join(
        f"{one.name} from {one.source}{', in its environment too' if one.in_environment else ''}"
        for one in spec.secrets
    )
    return f"{listed}, readable by {user}"


def secret_notes(
    spec: LaunchSpec, facts: SecretFacts, caller: Identity, *, place: Place
) -> Iterator[str]:
    """Yield what the person should know and no control judges."""
    yield from _of_what_is_unseen(spec, facts, place)
    for one in spec.secrets:
        if one.key:
            yield (
                f"whether {one.service}:{one.id} has the member {one.key} is seen at boot: looking"
                " now would read it here"
            )
        kind = _parameter_type(one, facts)
        if kind not in {"", "SecureString"}:
            yield f"{one.source} is a {kind}: it is not encrypted, as a SecureString would be"
    if spec.metadata.http_put_response_hop_limit > 1:
        yield (
            "with --secret containers with a network of their own reach no metadata, however many"
            " hops it answers over"
        )
    if not place.has_key_pair and spec.security is not Level.STRICT:
        yield (
            "EC2 Instance Connect can't let anybody in: with --secret only root and the secrets'"
            " user reach metadata, where it looks for keys"
        )
    if spec.iam_role is not None:
        needed = "; ".join(on_one_line(one) for one in secret_statements(spec, caller, facts))
        yield f"your own role is not changed; for the secrets it must allow: {needed}"


def reading_notes(spec: LaunchSpec) -> Iterator[str]:
    """Yield what the person's script reads by itself, and its role can't be allowed to."""
    others = (spec.iam_role, spec.iam_policy_document, spec.iam_managed_policies)
    if spec.user_data is None or any(others):
        return
    given = {(one.service, one.id) for one in spec.secrets}
    templates = {word.partition(":")[0] for word in spec.iam_policies}
    for part in unpack(spec.user_data).parts:
        for one in reads_in(part.text):
            if one.service.value in templates or (one.service, one.id) in given:
                continue
            what = f"{one.service}:{one.id}" if one.id else f"what {one.service} keeps"
            yield (
                f"user-data reads {what}, which its role may not:"
                f" {policy_flag(one.service, one.id)} allows it, and"
                f" {secret_flag(one.service, one.id, name=one.name)} fetches it in place of that"
            )


def _of_what_is_unseen(spec: LaunchSpec, facts: SecretFacts, place: Place) -> Iterator[str]:
    for one, fact in unseen(spec, facts):
        yield f"whether {one.service}:{one.id} is there can't be seen: {fact.operation} denied"
    for name, key in facts.keys.items():
        if isinstance(key, Unseen):
            yield f"whether the key {name} is enabled can't be seen: {key.operation} denied"
    if isinstance(facts.endpoints, Unseen) and place.has_no_way_out:
        yield (
            "it has no way out, and whether there are endpoints for its secrets can't be seen: "
            f"{facts.endpoints.operation} denied"
        )


def _parameter_type(one: SecretReference, facts: SecretFacts) -> str:
    """Return the type of a parameter, "" where it is none or is not known."""
    match description_of(one, facts):
        case Known(value=ssm.ParameterMetadata(type=kind)):
            return kind
        case _:
            return ""
