"""The rules of what is granted: actions, resources, and how far they reach."""

from __future__ import annotations

from spawn.iam.lint.finding import Severity
from spawn.iam.lint.rule import Rule

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

_ACTIONS = (
    Rule(
        "not-an-action",
        _E,
        "not an action",
        "IAM refuses it",
        "write service:Action, such as s3:GetObject",
    ),
    Rule(
        "unknown-service",
        _E,
        "an unknown service",
        "no request ever matches it",
        "use the prefix that IAM knows",
    ),
    Rule(
        "unknown-action",
        _E,
        "an action that does not exist",
        "no request ever matches it",
        "use the name that IAM knows",
    ),
    Rule(
        "unlisted-action",
        _W,
        "an action that IAM's tables don't list",
        "it was retired, or is newer than the tables; else no request ever matches it",
        "remove it, unless you know that it exists",
    ),
    Rule(
        "action-case",
        _I,
        "an action in other letters",
        "IAM takes it, and whoever searches for the action does not find it",
        "write it as IAM does",
    ),
    Rule(
        "redundant-action",
        _I,
        "an action that another one covers",
        "removing the wider one later would not be noticed, nor would this one",
        "keep one of them",
    ),
    Rule("duplicate-value", _I, "a value that stands twice", "once is enough", "remove one"),
)

_RESOURCES = (
    Rule(
        "not-an-arn",
        _E,
        "not an ARN",
        "IAM refuses it, or it matches nothing",
        'write arn:partition:service:region:account:resource, or "*"',
    ),
    Rule(
        "unknown-partition",
        _E,
        "an unknown partition",
        "no resource lies there",
        "write aws, aws-cn, aws-us-gov, or another of AWS's",
    ),
    Rule(
        "bad-region",
        _W,
        "not a region",
        "no resource lies there",
        "write a region such as us-east-1, or nothing where the service has none",
    ),
    Rule(
        "bad-account",
        _E,
        "not an account",
        "accounts are 12 digits",
        "write the account's 12 digits",
    ),
    Rule(
        "action-resource-mismatch",
        _E,
        "an action that works on none of the resources",
        "the statement does nothing for this action",
        "name a resource of a type that the action works on",
    ),
    Rule(
        "action-needs-star",
        _E,
        "an action that knows no resources",
        'it is asked for on "*" alone, so this statement never matches it',
        'put it into a statement of its own, with "Resource": "*"',
    ),
    Rule(
        "unused-resource",
        _I,
        "a resource that none of the actions works on",
        "it changes nothing, and hides what the statement is for",
        "remove it, or add the action that was meant",
    ),
    Rule(
        "resource-of-other-service",
        _W,
        "a resource of a service that no action is of",
        "it changes nothing: most likely an action is missing",
        "remove it, or add the action that was meant",
    ),
)

_REACH = (
    Rule(
        "every-action",
        _E,
        "every action",
        "whoever has it is administrator",
        "name the actions that are needed: spawn policy rightsize finds them",
    ),
    Rule(
        "every-action-of-service",
        _W,
        "every action of a service on every resource",
        "also those that delete, share and grant, and those to come",
        "name actions, or resources",
    ),
    Rule(
        "not-action-with-allow",
        _W,
        "Allow with NotAction",
        "it allows what it does not name, also what AWS is yet to invent",
        "allow by Action; take away by Deny",
    ),
    Rule(
        "not-resource-with-allow",
        _W,
        "Allow with NotResource",
        "it reaches what it does not name, also what is yet to be made",
        "allow by Resource; take away by Deny",
    ),
    Rule(
        "pass-any-role",
        _W,
        "iam:PassRole on every role",
        "whoever has it can hand himself the strongest role of the account",
        "name the roles, and the services by iam:PassedToService",
    ),
    Rule(
        "change-anything",
        _W,
        "an action that changes things, on every resource",
        "one mistake, or one thief, reaches all of them",
        "name the resources, or bind it by a tag: aws:ResourceTag/…",
    ),
    Rule(
        "read-any-secret",
        _W,
        "every secret can be read",
        "one leak is a leak of all",
        "name the secrets",
    ),
    Rule(
        "broad-managed-policy",
        _W,
        "a policy of AWS's that is wide",
        "it was written for everybody, and not for this role",
        "attach a policy of your own: spawn policy rightsize finds what is needed",
    ),
    Rule(
        "privilege-escalation",
        _W,
        "a way to more rights than are given",
        "whoever has these actions can give himself others",
        "bind the actions to resources, or by iam:PermissionsBoundary",
    ),
)

RULES = (*_ACTIONS, *_RESOURCES, *_REACH)
