"""The secrets that an instance is given: what can be asked, and what it is told. Pure.

User-data holds where each one is kept. Its value goes from there to the instance, and nowhere else.

    secret_facts     what there is of them; what nobody can read is refused
    secret_rights    what the role needs for them
    secret_way       how the instance reaches what keeps them
    secret_words     what is said of them
    secret_delivery  what waits for them on the instance
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spawn.aws.questions import Known
from spawn.aws.sts import Identity
from spawn.core.errors import InputError
from spawn.core.ids import LOGIN_NAME
from spawn.launch import endpoints
from spawn.launch.secret_delivery import guarded
from spawn.launch.secret_facts import SecretFacts, check_accounts, check_keys
from spawn.launch.secret_way import Place, check_way
from spawn.launch.secret_words import reading_notes, secret_notes, secrets_words
from spawn.launch.spec import LaunchSpec
from spawn.secrets.references import SecretReference, SecretService, check_together

_NOTHING = b"#!/bin/sh\n"
# As long as they come, and as little like anything else in user-data.
_SOME_ACCOUNT, _SOME_SUFFIX = "719305826473", "q7XzK2"
_SOME_USER = "qJ4xW9zK1vR7mB3hT8dY5cN0gP6sL2fA"


def check_secrets(spec: LaunchSpec) -> None:
    """Raise InputError, naming the flag, for what can't be meant."""
    if not spec.secrets:
        if spec.secret_user is not None:
            raise InputError("--secret-user needs --secret", why="it says who may read secrets")
        return
    check_together(spec.secrets)
    if spec.secret_user is not None and not LOGIN_NAME.fullmatch(spec.secret_user):
        raise InputError(
            f"--secret-user {spec.secret_user!r} is no name of a user",
            why="write one that the image has: a script waits for its secrets, and can't make it",
        )
    for one in spec.secrets:
        if one.arn is not None and one.arn.region != spec.region:
            raise InputError(
                f"--secret {one.name} is in {one.arn.region}, and the instance in {spec.region}",
                why="an instance reads secrets of its own region: replicate it, with "
                f"aws secretsmanager replicate-secret-to-regions --region {one.arn.region} "
                f"--secret-id ID --add-replica-regions Region={spec.region}",
            )


def secret_user(spec: LaunchSpec, login_user: str | None) -> str:
    """Return who may read them. Raises InputError where the image's login user is not known."""
    user = spec.secret_user or login_user
    if user is None:
        raise InputError(
            "--secret needs --secret-user with this image",
            why="who logs in to it is not known, and only root and that user may read secrets",
        )
    return user


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What is decided of them; `orders` is what the agent is told, None for nothing."""

    orders: dict[str, Any] | None = None
    summary: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def choose_secrets(
    spec: LaunchSpec,
    facts: SecretFacts | None,
    caller: Identity,
    *,
    place: Place,
) -> Secrets:
    """Return all of it.

    Raises InputError or AccountError for a secret that this launch's role can't be given, and for
    a place from which none can be fetched.
    """
    if facts is None:
        return Secrets(notes=tuple(reading_notes(spec)))
    check_accounts(spec, facts, account=caller.account, partition=caller.partition)
    check_keys(spec, facts)
    check_way(spec, facts, place)
    user = secret_user(spec, place.login_user)
    return Secrets(
        orders=secret_orders(spec, facts, partition=caller.partition, user=user),
        summary=(("secrets", secrets_words(spec, user)),),
        notes=(*secret_notes(spec, facts, caller, place=place), *reading_notes(spec)),
    )


# What the instance is told


def secret_orders(
    spec: LaunchSpec, facts: SecretFacts | None, *, partition: str, user: str
) -> dict[str, Any] | None:
    """Return what the agent is told, None where no secret is asked for.

    By its ARN a secret is itself and not another that was given its name after it. Without
    `facts` the ids are made up, of the length that they will have.
    """
    if not spec.secrets:
        return None
    services = dict.fromkeys(one.service for one in spec.secrets)
    return {
        "user": user,
        "services": {
            service.value: endpoints.regional(service, partition=partition, region=spec.region)
            for service in services
        },
        "secrets": [
            {
                "name": one.name,
                "service": one.service.value,
                "id": _id(one, facts) if facts else _some_id(one, spec.region, partition),
                "key": one.key,
                "env": one.in_environment,
            }
            for one in spec.secrets
        ],
    }


def held_back(spec: LaunchSpec, user_data: bytes | None) -> bytes | None:
    """Return the person's part of user-data as it is sent: what runs once the secrets are there.

    Where there are secrets and nothing of the person's, something that does nothing waits for
    them: so that who waits for the boot waits for them as well, and hears of their failure.
    Raises InputError for what is no script.
    """
    if not spec.secrets:
        return user_data
    return guarded(user_data or _NOTHING, flag="--user-data")


def some_orders(spec: LaunchSpec, *, partition: str) -> dict[str, Any] | None:
    """Return orders that are as long as the true ones, and hardly shorter when compressed."""
    return secret_orders(spec, None, partition=partition, user=spec.secret_user or _SOME_USER)


def _id(one: SecretReference, facts: SecretFacts) -> str:
    fact = facts.secrets.get(one.id)
    is_secret = one.service is SecretService.SECRETS_MANAGER
    return fact.value.arn if is_secret and isinstance(fact, Known) else one.id


def _some_id(one: SecretReference, region: str, partition: str) -> str:
    if one.service is SecretService.SSM:
        return one.id
    home = f"arn:{partition}:secretsmanager:{region}:{_SOME_ACCOUNT}:secret:"
    return f"{one.id}-{_SOME_SUFFIX}" if one.arn is not None else f"{home}{one.id}-{_SOME_SUFFIX}"
