"""The account's state, as far as authorisation asks for it. Unknown names give None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.kms.utils import KEY_ID_LEN

from spawn.local.control import account
from spawn.local.control.described import ec2_keys, service_tags


class AccountLookup:
    """`needs.Lookup` over moto's backends. The caller holds the cloud's lock."""

    partition = account.PARTITION
    account_id = account.ACCOUNT_ID

    def __init__(self, caller_name: str | None = None) -> None:
        self.caller_name = caller_name

    def iam_arn(self, kind: str, name: str) -> str | None:
        """The ARN, path and all, of a role, user, group or instance-profile."""
        found = find_profile(name) if kind == "instance-profile" else _holder(kind, name)
        return str(found.arn) if found else None

    def profile_role_arn(self, name_or_arn: str) -> str | None:
        """The ARN of an instance profile's role."""
        profile = find_profile(name_or_arn)
        return str(profile.roles[0].arn) if profile and profile.roles else None

    def boundary(self, kind: str, name: str) -> str | None:
        """The ARN of a role's or user's permissions boundary."""
        return getattr(_holder(kind, name), "permissions_boundary_arn", None)

    def iam_tags(self, kind: str, name: str) -> Mapping[str, str]:
        """The tags of a role or user."""
        holder = _holder(kind, name)
        if holder is None or kind not in {"role", "user"}:
            return {}
        if kind == "role":
            return {tag["Key"]: str(tag["Value"]) for tag in holder.tags}
        tags = account.iam().tagger.get_tag_dict_for_resource(holder.arn)
        return {key: str(value) for key, value in tags.items()}

    def ec2_keys(self, resource_id: str, region: str) -> Mapping[str, str]:
        """What condition keys tell of an EC2 resource beside its tags."""
        return ec2_keys(resource_id, region)

    def service_tags(self, service: str, name: str, region: str) -> Mapping[str, str]:
        """The tags of a queue, repository, secret, key or log group, by its ARN or name."""
        return service_tags(service, name, region)

    def organization_policy(self, policy_id: str | None) -> str | None:
        """The ARN of a policy of the organisation; of one that is to be made, where None."""
        organizations = account.organizations()
        if organizations.org is None:
            return None
        if policy_id is None:
            where = f"{self.account_id}:policy/{organizations.org.id}"
            return f"arn:{self.partition}:organizations::{where}/service_control_policy/*"
        found = (each.arn for each in organizations.policies if each.id == policy_id)
        return next(found, None)

    def key_aliases(self, identifier: str, region: str) -> tuple[str, ...]:
        """The aliases of a key, by any of its names."""
        key = find_key(identifier, region)
        return tuple(sorted(key.aliases)) if key is not None else ()

    def key_of_ciphertext(self, blob: bytes, region: str) -> str | None:
        """The id of the key that something was encrypted with; None for what moto did not."""
        try:
            key_id = blob[:KEY_ID_LEN].decode("ascii")  # moto's own form, not KMS's
        except UnicodeDecodeError:
            return None
        return key_id if key_id in account.kms(region).keys else None

    def secret(self, identifier: str, region: str) -> tuple[str, str | None] | None:
        """The secret's ARN and its customer key, where it has one."""
        for secret in account.secrets(region).secrets.values():
            if identifier in {secret.secret_id, secret.arn, secret.name}:
                key = getattr(secret, "kms_key_id", None)  # a replica has its own, which moto omits
                return str(secret.arn), self._customer_key(key, region)
        return None

    def parameter_key(self, name: str, region: str) -> str | None:
        """The customer key of an encrypted parameter."""
        bare = name.split(":", 1)[0]
        # By dict.get: moto loads AWS's public parameters when its own lookup is used.
        versions = dict.get(account.ssm(region)._parameters, bare) or []  # noqa: SLF001
        if not versions or versions[-1].parameter_type != "SecureString":
            return None
        return self._customer_key(versions[-1].keyid, region)

    def key_arn(self, identifier: str, region: str) -> str | None:
        """The ARN of a key, by any of its names."""
        key = find_key(identifier, region)
        return str(key.arn) if key else None

    def tags(self, resource_id: str, region: str) -> Mapping[str, str]:
        """The tags of an EC2 resource; a key pair is named by its name or its id."""
        pair = account.find_key_pair(resource_id, region)
        tagged = account.ec2(region).tags.get(pair.id if pair else resource_id, {})
        return {k: str(v) for k, v in tagged.items()}

    def default_group(self, region: str) -> str | None:
        """The default security group of the default VPC."""
        vpc = account.ec2(region).get_default_vpc()
        group = account.ec2(region).get_default_security_group(vpc.id) if vpc else None
        return str(group.id) if group else None

    def owner_of_bucket(self, name: str) -> str | None:
        """The account that a bucket belongs to."""
        return account.bucket_owner(name)

    def _customer_key(self, identifier: str | None, region: str) -> str | None:
        """AWS's own keys (alias/aws/...) need no permission of the reader."""
        if not identifier or "alias/aws/" in identifier:
            return None
        key = find_key(identifier, region)
        is_aws_managed = key is not None and any(a.startswith("alias/aws/") for a in key.aliases)
        return str(key.arn) if key is not None and not is_aws_managed else None


def _holder(kind: str, name: str) -> Any | None:
    """A role, user or group by its name."""
    if kind == "user":
        return account.iam().users.get(name)
    if kind == "group":
        return account.iam().groups.get(name)
    return next((r for r in account.iam().roles.values() if r.name == name), None)


def find_profile(name_or_arn: str) -> Any | None:
    """The instance profile of a name or an ARN; None where there is none."""
    profiles = account.iam().instance_profiles.values()
    return next((p for p in profiles if name_or_arn in {p.name, p.arn}), None)


def find_key(identifier: str, region: str) -> Any | None:
    """The key of an id, ARN, alias or alias' ARN; None where there is none."""
    backend = account.kms(region)
    if identifier.startswith("arn:") and identifier.split(":")[3] != region:
        return None
    try:
        return backend.keys.get(backend.any_id_to_key_id(identifier))
    except AttributeError:  # moto, for an alias that is nobody's
        return None
