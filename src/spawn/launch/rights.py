"""What the instance shall be allowed in AWS: the spec's words into roles that could be wanted.

Whether the account has spawn's permissions boundary is known only with the facts, and it is part
of a role's name: so there is a candidate for either case, and both are asked about at once.
"""

from __future__ import annotations

from spawn.aws.sts import Identity
from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.core.tags import Tag
from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.checks import parse_identity_policy
from spawn.iam.documents import PolicyDocument, Statement
from spawn.iam.managed import boundary_arn, default_boundary_arn, managed_policy_arns
from spawn.iam.roles import WantedRole, wanted_role
from spawn.iam.templates import SESSION_MANAGER, brief_words, parse_templates, statements
from spawn.launch.secret_rights import reads_secrets
from spawn.launch.shipping import shipping_templates
from spawn.launch.spec import LaunchSpec

# What the agent's duties need besides templates: a statement each (`aws_duties`).
Extra = tuple[Statement, ...]


def owner_of(spec: LaunchSpec, caller: Identity) -> str:
    """Return whose launch it is: the caller's, unless a tag says otherwise."""
    return spec.tags.get(Tag.OWNER, caller.owner)


def asked_boundary(spec: LaunchSpec, caller: Identity) -> str | None:
    """Return the ARN of the boundary that was asked for, None where none was."""
    if spec.permissions_boundary is None:
        return None
    return boundary_arn(
        spec.permissions_boundary, partition=caller.partition, account=caller.account
    )


def decisive_boundary(spec: LaunchSpec, caller: Identity) -> str:
    """Return the ARN of the one boundary whose existence decides: the asked or the default one."""
    return asked_boundary(spec, caller) or default_boundary_arn(
        partition=caller.partition, account=caller.account
    )


def possible_boundaries(spec: LaunchSpec, caller: Identity) -> tuple[str | None, ...]:
    """Return the boundaries that the roles of this launch may turn out to carry."""
    decisive = decisive_boundary(spec, caller)
    return (decisive,) if spec.permissions_boundary else (decisive, None)


def documents(spec: LaunchSpec, caller: Identity, extra: Extra = ()) -> tuple[PolicyDocument, ...]:
    """Return the policies of the instance's own role, none where nothing was asked.

    Raises InputError, naming the flag, for unknown templates, scopes and malformed documents.
    """
    from_templates = tuple(
        statement
        for template in parse_templates((*spec.iam_policies, *shipping_templates(spec)))
        for statement in statements(
            template,
            partition=caller.partition,
            region=spec.region,
            account=caller.account,
        )
    )
    ours = (*from_templates, *extra)
    asked = [PolicyDocument(statements=ours)] if ours else []
    if spec.iam_policy_document is not None:
        asked.append(
            parse_identity_policy(
                spec.iam_policy_document, flag="--iam-policy-file", partition=caller.partition
            )
        )
    if spec.security is Level.STRICT:
        asked.append(SESSION_MANAGER)
    return tuple(asked)


def rights_words(spec: LaunchSpec, extra: Extra = ()) -> str:
    """Say in a few words what the instance's own role may do, a part for each thing asked for."""
    templates = parse_templates((*spec.iam_policies, *shipping_templates(spec)))
    parts = [brief_words(template) for template in templates]
    if spec.secrets:
        parts.append("read its secrets")
    if any(not reads_secrets(statement) for statement in extra):
        parts.append("its agent's own duties")
    if spec.iam_policy_document is not None:
        parts.append("what --iam-policy-file says")
    managed = (text.strip() for each in spec.iam_managed_policies for text in each.split(","))
    parts.extend(text.rpartition("/")[2] for text in managed)
    if spec.security is Level.STRICT:
        parts.append("Session Manager")
    return "; ".join(parts)


def attached_arns(spec: LaunchSpec, caller: Identity) -> tuple[str, ...]:
    """Return the ARNs of the managed policies that were asked for."""
    return managed_policy_arns(spec.iam_managed_policies, partition=caller.partition)


def possible_roles(
    spec: LaunchSpec, caller: Identity, extra: Extra = ()
) -> dict[str | None, WantedRole]:
    """Return the instance's role by the boundary that it may turn out to carry; empty for none.

    Raises InputError for what can't go together or can't be understood.
    """
    _refuse_two_roles(spec)
    if spec.iam_role is not None:
        return {}
    asked, attached = documents(spec, caller, extra), attached_arns(spec, caller)
    if spec.permissions_boundary is not None and not asked and not attached:
        raise InputError(
            "--permissions-boundary has nothing to bound",
            why="the instance gets no role: add --iam-policy, or leave the boundary out",
        )
    roles = {
        boundary: wanted_role(asked, attached, partition=caller.partition, boundary=boundary)
        for boundary in possible_boundaries(spec, caller)
    }
    return {boundary: role for boundary, role in roles.items() if role is not None}


def possible_backstop_roles(spec: LaunchSpec, caller: Identity) -> dict[str | None, WantedRole]:
    """Return the backstop's execution role by the boundary that it may turn out to carry."""
    return {
        boundary: wanted_backstop_role(
            owner_of(spec, caller),
            partition=caller.partition,
            account=caller.account,
            boundary=boundary,
        )
        for boundary in possible_boundaries(spec, caller)
    }


def _refuse_two_roles(spec: LaunchSpec) -> None:
    of_a_new_role = {
        "--iam-policy": spec.iam_policies,
        "--iam-policy-file": spec.iam_policy_document,
        "--iam-managed-policies": spec.iam_managed_policies,
        "--permissions-boundary": spec.permissions_boundary,
    }
    given = [flag for flag, value in of_a_new_role.items() if value]
    if spec.iam_role is not None and given:
        raise InputError(
            f"--iam-role and {given[0]} exclude each other",
            why="spawn does not edit a role that it did not make: leave one of them out",
        )
