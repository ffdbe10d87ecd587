"""The rules of who is let in, and under which conditions."""

from __future__ import annotations

from spawn.iam.lint.finding import Severity
from spawn.iam.lint.rule import Rule

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

_PRINCIPALS = (
    Rule(
        "public-access",
        _E,
        "open to the world",
        "anybody with an AWS account, or with none, is let in",
        "name principals, or add a condition such as aws:PrincipalOrgID",
    ),
    Rule(
        "not-principal-with-allow",
        _E,
        "Allow with NotPrincipal",
        "everybody else is let in, also who has no AWS account",
        "allow by Principal; take away by Deny",
    ),
    Rule(
        "unknown-principal-kind",
        _E,
        "an unknown kind of principal",
        "IAM knows AWS, Service, Federated and CanonicalUser",
        "use one of these",
    ),
    Rule(
        "bad-principal",
        _E,
        "not a principal",
        "AWS refuses the policy, or it matches nobody",
        "write an account, the ARN of a role or user, or a service's name",
    ),
    Rule(
        "deleted-principal",
        _W,
        "a principal that was deleted",
        "AWS writes a unique id where a role or user stood that is gone",
        "remove it, or name its successor",
    ),
    Rule(
        "cross-account-principal",
        _W,
        "a whole other account is let in",
        "any of its roles and users may, if its administrator says so",
        "name the role, or add sts:ExternalId or aws:PrincipalArn as a condition",
    ),
    Rule(
        "confused-deputy",
        _W,
        "a service may act for anybody",
        "the service can be made to act here by another account",
        "add a condition on aws:SourceAccount or aws:SourceArn",
    ),
    Rule(
        "federated-without-subject",
        _W,
        "any identity of a provider is let in",
        "a public provider signs for strangers too",
        "add a condition on the provider's sub",
    ),
)

_CONDITIONS = (
    Rule(
        "unknown-operator",
        _E,
        "an unknown condition operator",
        "IAM refuses the policy",
        "use the operator that IAM knows",
    ),
    Rule(
        "operator-case",
        _I,
        "a condition operator in other letters",
        "spawn launch refuses it, and whoever searches for the operator does not find it",
        "write it as IAM does",
    ),
    Rule(
        "unknown-condition-key",
        _W,
        "an unknown condition key",
        "a key that no request has never matches",
        "use the key that IAM knows",
    ),
    Rule(
        "condition-key-not-of-action",
        _W,
        "a condition key that none of the actions has",
        "the key is not in such requests, so the condition never holds",
        "use a key that the actions have, or IfExists",
    ),
    Rule(
        "operator-type-mismatch",
        _W,
        "an operator of another type than the key",
        "the comparison is not the one that was meant, and may never hold",
        "use an operator of the key's type",
    ),
    Rule(
        "text-operator-on-arn",
        _I,
        "an ARN compared as a text",
        "ARN operators compare part by part, so that a wildcard can't cross a colon",
        "use ArnEquals or ArnLike",
    ),
    Rule(
        "literal-wildcard",
        _W,
        "a wildcard where it is a plain character",
        "StringEquals takes * as it stands, and matches no other value",
        "use StringLike, or ArnLike for an ARN",
    ),
    Rule(
        "all-values-of-none",
        _W,
        "ForAllValues holds where the key is missing",
        "a request without the key is let through",
        'add "Null": {KEY: "false"}',
    ),
    Rule(
        "many-valued-key",
        _W,
        "a key of several values without ForAnyValue or ForAllValues",
        "what it means for several values is not defined",
        "say ForAnyValue: or ForAllValues: before the operator",
    ),
    Rule(
        "bad-condition-value",
        _E,
        "a value that the operator can't read",
        "the comparison never holds, or IAM refuses the policy",
        "write a value that the operator reads",
    ),
    Rule(
        "unknown-variable",
        _W,
        "an unknown policy variable",
        "a variable without a value makes the statement match nothing",
        "use a variable that IAM knows",
    ),
    Rule(
        "unclosed-variable",
        _E,
        "a policy variable without its end",
        "IAM refuses it, or takes it literally",
        "close it with }; ${$} stands for a dollar sign",
    ),
)

RULES = (*_PRINCIPALS, *_CONDITIONS)
