"""Secrets where they can be read."""

from __future__ import annotations

from spawn.aws.questions import Unseen
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import Posture
from spawn.secrets.scan import SecretFinding


def user_data(posture: Posture) -> Judgement:
    """No known form of a secret may be in user-data; what it holds is never repeated here."""
    found = posture.user_data
    if isinstance(found, Unseen):
        return unknown(found)
    if found is None:
        return passed("there is no user-data")
    if found.secrets:
        words = "; ".join(f"{secret.kind} in {_place(secret)}" for secret in found.secrets)
        return failed(
            f"user-data holds a secret: {words}",
            places=[_place(secret) for secret in found.secrets],
        )
    if not found.is_readable:
        return unknown(Unseen("spawn:ReadUserData", "a part of user-data is no readable text"))
    return passed("no known form of a secret is in user-data")


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
        judge=user_data,
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
