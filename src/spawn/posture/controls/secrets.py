"""Secrets where they can be read."""

from __future__ import annotations

import shlex

from spawn.aws.questions import Unseen
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import Posture
from spawn.secrets.finding import Certainty, SecretFinding
from spawn.secrets.scan import scan_text

# The rest is counted: a text full of them is replaced whole.
_MOST_NAMED = 5


def known_in_user_data(posture: Posture) -> Judgement:
    """No known form of a secret may be in user-data; what it holds is never repeated here."""
    return _judged(posture, Certainty.KNOWN)


def likely_in_user_data(posture: Posture) -> Judgement:
    """Nothing in user-data should look as random as a key."""
    return _judged(posture, Certainty.LIKELY)


def known_in_tags(posture: Posture) -> Judgement:
    """No known form of a secret may be in a tag's value."""
    found = [(key, secret) for key, value in posture.tags.items() for secret in in_tag(key, value)]
    if not found:
        return passed("no known form of a secret is in a tag")
    words = "; ".join(f"{secret.kind} in the tag {key}" for key, secret in found[:_MOST_NAMED])
    return failed(f"a tag holds a secret: {words}", places=[key for key, _ in found])


def in_tag(key: str, value: str) -> tuple[SecretFinding, ...]:
    """Return the known secrets of a tag: its value alone, and as what its key is set to."""
    found = scan_text(value) or scan_text(f"{key}={shlex.quote(value)}")
    return tuple(one for one in found if one.certainty is Certainty.KNOWN)


def _judged(posture: Posture, certainty: Certainty) -> Judgement:
    found = posture.user_data
    if isinstance(found, Unseen):
        return unknown(found)
    if found is None:
        return passed("there is no user-data")
    secrets = [secret for secret in found.secrets if secret.certainty is certainty]
    if secrets:
        words = "; ".join(_words(secret) for secret in secrets[:_MOST_NAMED])
        more = len(secrets) - _MOST_NAMED
        return failed(
            f"user-data {_HOLDS[certainty]}: {words}{f'; and {more} more' if more > 0 else ''}",
            places=[_place(secret) for secret in secrets],
        )
    if not found.is_readable:
        return unknown(Unseen("spawn:ReadUserData", "a part of user-data is no readable text"))
    return passed(_PASSES[certainty])


def _words(secret: SecretFinding) -> str:
    return f"{secret.kind} in {_place(secret)} (write {secret.instead})"


def environment(posture: Posture) -> Judgement:
    """No variable of the workload's holds a secret: whatever the workload starts inherits it."""
    found = posture.user_data
    if isinstance(found, Unseen):
        return unknown(found)
    if found is None:
        return passed("there is no user-data, and so no secret")
    if found.secret_variables:
        names = [f"${name}" for name in found.secret_variables]
        return failed(
            f"the workload's environment holds the value of {', '.join(names)}", places=names
        )
    if not found.is_readable:
        return unknown(Unseen("spawn:ReadUserData", "a part of user-data is no readable text"))
    return passed("no secret is put into an environment")


def _place(secret: SecretFinding) -> str:
    part = f" of {secret.part}" if secret.part else ""
    return f"line {secret.line}{part}"


_HOLDS = {
    Certainty.KNOWN: "holds a secret",
    Certainty.LIKELY: "holds what may be a secret",
}
_PASSES = {
    Certainty.KNOWN: "no known form of a secret is in user-data",
    Certainty.LIKELY: "nothing in user-data is as random as a key",
}

CONTROLS = (
    Control(
        id="SECRET-IN-USER-DATA",
        title="No secret is in user-data",
        severity=Severity.HIGH,
        risk=(
            "User-data is readable by every program on the instance and by whoever may describe"
            " it. A secret that was in there is known: replace it."
        ),
        at_launch=(
            "keep it in Secrets Manager and hand it over with --secret NAME=secretsmanager:ID, or"
            " read it on the instance:"
            " NAME=\\$(aws secretsmanager get-secret-value --secret-id ID --query SecretString"
            " --output text). Without the backslash (or single quotes round the whole) your own"
            " shell puts the secret into the text before spawn sees it"
        ),
        remedy="spawn cancel {instance_id} --region {region}",
        judge=known_in_user_data,
    ),
    Control(
        id="SECRET-LIKELY-IN-USER-DATA",
        title="Nothing in user-data looks like a key",
        severity=Severity.MEDIUM,
        risk="What looks drawn at random is most often a key, and user-data is read by many.",
        at_launch=(
            "if it is a secret, hand it over with --secret; if it is none, give it a name that"
            " says so: a digest, an id, a public key"
        ),
        remedy="spawn cancel {instance_id} --region {region}",
        judge=likely_in_user_data,
    ),
    Control(
        id="SECRET-IN-TAGS",
        title="No secret is in a tag",
        severity=Severity.HIGH,
        risk=(
            "Tags are shown by every call that describes, kept in CloudTrail and on bills, and"
            " read by every program on the instance. A secret that was in there is known."
        ),
        at_launch="leave it out: --secret NAME=secretsmanager:ID hands it to the instance",
        remedy="spawn cancel {instance_id} --region {region}",
        judge=known_in_tags,
    ),
    Control(
        id="SECRET-IN-ENVIRONMENT",
        title="No secret is in the workload's environment",
        severity=Severity.MEDIUM,
        risk=(
            "Every program that the workload starts inherits its environment, core dumps and crash"
            " reports hold it, and the workload's user reads it in /proc."
        ),
        at_launch=(
            "--secret in place of --secret-env: the program reads the file that $NAME_FILE names"
        ),
        remedy="spawn cancel {instance_id} --region {region}",
        judge=environment,
    ),
)
