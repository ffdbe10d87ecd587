"""What there is of the secrets that an instance is to be given; no value is read here.

1. Each secret and parameter is described, side by side with all else that a launch asks.
2. What is not there, or can't be read, refuses the launch here: the person is still at hand.
3. A customer key is looked at in a round of its own: which one it is, is part of the first answer.

What the caller may not look at is no refusal: the instance has a role of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from spawn.aws import kms, secretsmanager, ssm
from spawn.aws.ec2_endpoints import DESCRIBE_VPC_ENDPOINTS, VpcEndpoint, vpc_endpoints
from spawn.aws.questions import Absent, Asker, Fact, Known, Question, Unseen
from spawn.core.errors import AccountError, InputError, NamedThingNotFound
from spawn.core.instants import format_instant
from spawn.launch.spec import LaunchSpec
from spawn.secrets.references import SecretReference, SecretService

_SECURE = "SecureString"
# Parameter Store keeps so many versions (Systems Manager user guide, "Parameter versions").
MOST_VERSIONS = 100
_NO_ENDPOINTS: Fact[tuple[VpcEndpoint, ...]] = Known(())
Description = Fact[secretsmanager.Secret] | Fact[ssm.ParameterMetadata | None]


@dataclass(frozen=True, kw_only=True)
class SecretFacts:
    """What is known of them. `secrets` and `parameters` are by the id or name that was asked for.

    keys       the customer keys that they are encrypted under, by what names them there
    endpoints  those of the region's VPCs, by which a private subnet reaches the services
    """

    secrets: Mapping[str, Fact[secretsmanager.Secret]] = field(default_factory=dict)
    parameters: Mapping[str, Fact[ssm.ParameterMetadata | None]] = field(default_factory=dict)
    keys: Mapping[str, Fact[kms.Key]] = field(default_factory=dict)
    endpoints: Fact[tuple[VpcEndpoint, ...]] = field(default_factory=lambda: _NO_ENDPOINTS)


def ask_secrets(spec: LaunchSpec, asker: Asker) -> Callable[[], SecretFacts | None]:
    """Ask about them; what is returned waits for the facts, None where no secret is asked for.

    That raises NamedThingNotFound for what is not there, AccountError for what can't be read.
    """
    if not spec.secrets:
        return lambda: None
    region = spec.region
    secrets = {
        one.id: asker.ask(secretsmanager.secret_question(one.id, region=region))
        for one in of_service(spec.secrets, SecretService.SECRETS_MANAGER)
    }
    parameters = {
        one.parameter_name: asker.ask(
            ssm.parameter_metadata_question(one.parameter_name, region=region)
        )
        for one in of_service(spec.secrets, SecretService.SSM)
    }
    endpoints = asker.ask(
        Question(
            operation=DESCRIBE_VPC_ENDPOINTS,
            parameters={},
            region=region,
            understand=vpc_endpoints,
        )
    )

    def answered() -> SecretFacts:
        found = SecretFacts(
            secrets={name: wait() for name, wait in secrets.items()},
            parameters={name: wait() for name, wait in parameters.items()},
        )
        check_found(spec, found)
        keys = {
            name: asker.ask(kms.key_question(name, region)) for name in customer_keys(spec, found)
        }
        return SecretFacts(
            secrets=found.secrets,
            parameters=found.parameters,
            keys={name: wait() for name, wait in keys.items()},
            endpoints=endpoints(),
        )

    return answered


def of_service(
    references: Iterable[SecretReference], service: SecretService
) -> tuple[SecretReference, ...]:
    """Return those that are kept there."""
    return tuple(one for one in references if one.service is service)


def description_of(one: SecretReference, facts: SecretFacts) -> Description:
    """Return what is known of one of them."""
    if one.service is SecretService.SSM:
        return facts.parameters[one.parameter_name]
    return facts.secrets[one.id]


def key_name(one: SecretReference, facts: SecretFacts) -> str | None:
    """Return what names the customer key of one, "" for AWS's own or none, None for not known."""
    match description_of(one, facts):
        case Known(value=secretsmanager.Secret(kms_key_id=name)):
            return "" if _is_aws(name) else name
        case Known(value=ssm.ParameterMetadata(type=kind, key_id=name)):
            return "" if kind != _SECURE or _is_aws(name) else name
        case _:
            return None


def customer_keys(spec: LaunchSpec, facts: SecretFacts) -> tuple[str, ...]:
    """Return what names the customer keys, each once."""
    return tuple(
        dict.fromkeys(
            name for one in spec.secrets if (name := key_name(one, facts)) is not None and name
        )
    )


def _is_aws(name: str) -> bool:
    """Say whether a key is AWS's own, which everybody in the account may use by its service."""
    return not name or name.rpartition(":")[2].startswith("alias/aws/")


# What can't be read by anybody


def check_found(spec: LaunchSpec, facts: SecretFacts) -> None:
    """Raise NamedThingNotFound, InputError or AccountError for the first that can't be given."""
    for one in spec.secrets:
        match description_of(one, facts):
            case Absent() | Known(value=None):
                raise _not_there(one, spec.region)
            case Known(value=secretsmanager.Secret() as secret):
                _check_secret(one, secret, spec.region)
            case Known(value=ssm.ParameterMetadata() as parameter):
                _check_version(one, parameter, spec.region)


def _not_there(one: SecretReference, region: str) -> NamedThingNotFound:
    listed = (
        "aws secretsmanager list-secrets --query 'SecretList[].Name'"
        if one.service is SecretService.SECRETS_MANAGER
        else "aws ssm describe-parameters --query 'Parameters[].Name'"
    )
    return NamedThingNotFound(
        f"--secret {one.name}: there is no {one.service}:{one.id} in {region}",
        next_command=f"{listed} --region {region}",
    )


def _check_secret(one: SecretReference, secret: secretsmanager.Secret, region: str) -> None:
    if secret.deleted_date is not None:
        raise AccountError(
            f"--secret {one.name}: {one.service}:{one.id} is scheduled for deletion, for "
            f"{format_instant(secret.deleted_date)}",
            why="it can't be read any more",
            next_command=f"aws secretsmanager restore-secret --region {region}"
            f" --secret-id {one.id}",
        )


def _check_version(one: SecretReference, parameter: ssm.ParameterMetadata, region: str) -> None:
    """A label may be anything; a version is one of those that are kept."""
    if not one.selector.isdecimal():
        return
    wanted, newest = int(one.selector), parameter.version
    if newest and not max(newest - MOST_VERSIONS, 0) < wanted <= newest:
        raise NamedThingNotFound(
            f"--secret {one.name}: {one.parameter_name} has no version {wanted}",
            why=f"the newest one is {newest}",
            next_command=f"aws ssm describe-parameters --region {region} --parameter-filters "
            f"Key=Name,Values={one.parameter_name}",
        )


def check_keys(spec: LaunchSpec, facts: SecretFacts) -> None:
    """Raise AccountError for a secret whose customer key decrypts nothing."""
    for one in spec.secrets:
        name = key_name(one, facts)
        match facts.keys.get(name or ""):
            case Absent():
                state = "is not there any more"
            case Known(value=key) if key.key_state and key.key_state != "Enabled":
                state = f"is {key.key_state}"
            case _:
                continue
        raise AccountError(
            f"--secret {one.name}: the key of {one.service}:{one.id} {state}",
            why=f"{name} decrypts nothing, so that nobody can read the secret",
            next_command=f"aws kms describe-key --key-id {name} --region {spec.region}",
        )


def check_accounts(spec: LaunchSpec, facts: SecretFacts, *, account: str, partition: str) -> None:
    """Raise InputError or AccountError for a secret that no role of this account can be given."""
    for one in spec.secrets:
        where = one.arn
        if where is None:
            continue
        if where.partition != partition:
            raise InputError(
                f"--secret {one.name} is in the partition {where.partition}",
                why=f"roles of {partition} reach nothing there",
            )
        if where.account != account and key_name(one, facts) == "":
            raise AccountError(
                f"--secret {one.name} is account {where.account}'s, under AWS's own key",
                why="only a secret under a customer key can be read from another account",
            )


def unseen(spec: LaunchSpec, facts: SecretFacts) -> tuple[tuple[SecretReference, Unseen], ...]:
    """Return those that the caller may not look at, with what was refused."""
    return tuple(
        (one, fact)
        for one in spec.secrets
        if isinstance(fact := description_of(one, facts), Unseen)
    )
