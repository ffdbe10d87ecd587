"""A launch against the organisation's floor, where no flags and files are left to look at. Pure."""

from __future__ import annotations

from spawn.aws.questions import Fact, Known
from spawn.aws.ssm import Parameter
from spawn.core.durations import format_duration
from spawn.launch.spec import DEFAULT_TTL, LaunchSpec, MetadataOptions
from spawn.settings.organisation import Organisation, check_floor, organisation_of, stated
from spawn.settings.values import Value


def hold_to_floor(spec: LaunchSpec, organisation: Organisation, *, place: str) -> None:
    """Raise RefusedByControl where the launch goes below what the organisation demands.

    `place` is where the launch comes from, for the words of the error: a saved plan, a program.
    """
    check_floor(stated(asked_values(spec), place=place), organisation)


def hold_script_to_floor(spec: LaunchSpec, fact: Fact[Parameter]) -> None:
    """Raise RefusedByControl for a script whose fetching needs a role that lacks the boundary.

    How large a script is, and so whether it makes a role, is not among the values.
    """
    match fact:
        case Known(value=parameter):
            values = {**asked_values(spec), "iam-policy": spec.iam_policies or ("s3:GetObject",)}
            organisation = organisation_of(fact, name=parameter.name)
            stand = stated(values, place="a large --user-data")
            check_floor(stand, organisation, only=("permissions-boundary",))
        case _:
            return


def asked_values(spec: LaunchSpec) -> dict[str, Value]:
    """Return what the launch says of each setting that bears on an organisation's floor."""
    said: dict[str, Value | None] = {
        "security": spec.security.value,
        "ttl": format_duration(spec.ttl or DEFAULT_TTL),
        "agent": spec.agent,
        "max-cost": spec.max_cost,
        "encrypt-volumes": spec.encrypt_volumes,
        "public-ip": spec.public_ip,
        "kms-key-id": spec.kms_key_id,
        "permissions-boundary": spec.permissions_boundary,
        "iam-role": spec.iam_role,
        "iam-policy": spec.iam_policies or None,
        "iam-policy-file": spec.iam_policy_document,
        "iam-managed-policies": spec.iam_managed_policies or None,
        "security-groups": spec.security_groups or None,
        "ssh-from": spec.ssh_from or None,
        "tags": spec.tags or None,
        "metadata-options": _metadata(spec.metadata),
        "dns-name": spec.dns_name,
        "ship-logs": spec.ship_logs,
        "ssh-ca": spec.ssh_ca is not None,
        "on-expiry": spec.on_expiry.value,
        "on-idle": None if spec.idle is None else spec.idle.action.value,
        "on-complete": None if spec.completion is None else spec.completion.action.value,
    }
    return {key: value for key, value in said.items() if value is not None}


def _metadata(options: MetadataOptions) -> dict[str, str]:
    return {
        "HttpTokens": options.http_tokens,
        "HttpPutResponseHopLimit": str(options.http_put_response_hop_limit),
        "HttpEndpoint": options.http_endpoint,
        "InstanceMetadataTags": options.instance_metadata_tags,
    }
