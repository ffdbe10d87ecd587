"""The rules: what each is called, how bad it is, why it matters, and what to do.

Words and severities stand here, apart from the code that finds; ids are stable, since people
suppress by them. A finding may say a remedy of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from spawn.iam.lint.finding import Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO


class Rule(msgspec.Struct, frozen=True):
    """One rule: `title` names what is wrong, `why` what comes of it, `remedy` the way out."""

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str


_JSON = (
    Rule("empty-document", _E, "there is no policy", "IAM takes no empty text", "write a policy"),
    Rule(
        "not-utf8",
        _E,
        "the text is not UTF-8",
        "AWS reads policies as UTF-8 and nothing else",
        "save the file as UTF-8",
    ),
    Rule(
        "byte-order-mark",
        _W,
        "a byte-order mark",
        "it is no part of JSON, and IAM refuses it",
        "save the file as UTF-8 without the mark",
    ),
    Rule(
        "not-json",
        _E,
        "not JSON",
        "IAM refuses what is not JSON, and nothing behind this place was looked at",
        "write JSON",
    ),
    Rule(
        "trailing-comma",
        _E,
        "a comma too many",
        "JSON has none behind the last value",
        "remove the comma",
    ),
    Rule(
        "missing-comma",
        _E,
        "a comma is missing",
        "JSON separates values by commas",
        "write a comma here",
    ),
    Rule(
        "too-deep",
        _E,
        "too many brackets",
        "a policy is six values deep at the most",
        "write a policy",
    ),
    Rule(
        "too-large",
        _E,
        "too large to be a policy",
        "AWS takes 32 KiB where it takes most",
        "give the policy alone",
    ),
    Rule(
        "duplicate-member",
        _E,
        "a member is given twice",
        "readers keep one of them, and not all the same one",
        "keep one of them",
    ),
    Rule(
        "lone-surrogate",
        _E,
        "half a character",
        "it can't be written as UTF-8",
        "write both halves, or neither",
    ),
    Rule(
        "character-to-escape",
        _E,
        "a character beyond Latin-1",
        "IAM takes characters up to U+00FF, and others as escapes",
        "write it as an escape",
    ),
)

_GRAMMAR = (
    Rule(
        "wrong-type",
        _E,
        "a value of the wrong type",
        "IAM refuses the policy",
        "write what belongs here",
    ),
    Rule(
        "unknown-member",
        _E,
        "an unknown member",
        "IAM refuses it; a misspelt Condition would else be none",
        "use the name that IAM knows",
    ),
    Rule(
        "missing-statement",
        _E,
        "no statement",
        "a policy without a statement says nothing",
        'add a "Statement"',
    ),
    Rule(
        "missing-effect",
        _E,
        "no Effect",
        "IAM refuses a statement that neither allows nor denies",
        'add "Effect": "Allow" or "Deny"',
    ),
    Rule(
        "bad-effect",
        _E,
        "an Effect that is neither Allow nor Deny",
        "IAM knows these two, in this case",
        'write "Allow" or "Deny"',
    ),
    Rule("missing-action", _E, "no Action", "IAM refuses the statement", 'add an "Action"'),
    Rule(
        "missing-resource",
        _E,
        "no Resource",
        "IAM refuses the statement",
        'add a "Resource": ARNs, or "*" for every one',
    ),
    Rule(
        "both-members",
        _E,
        "a member and its opposite",
        "IAM refuses a statement that has both",
        "keep one of the two",
    ),
    Rule("empty-list", _E, "an empty list", "it matches nothing, and IAM refuses it", "fill it"),
    Rule(
        "principal-not-allowed",
        _E,
        "a Principal where none belongs",
        "such a policy speaks of whoever it is attached to",
        "remove the Principal",
    ),
    Rule(
        "missing-principal",
        _E,
        "no Principal",
        "the policy of a resource says who may",
        'add a "Principal"',
    ),
    Rule(
        "resource-not-allowed",
        _E,
        "a Resource in a trust policy",
        "a trust policy speaks of its own role",
        "remove the Resource",
    ),
    Rule(
        "missing-version",
        _W,
        "no Version",
        "without it the grammar is that of 2008, which knows no policy variables",
        'add "Version": "2012-10-17"',
    ),
    Rule(
        "unknown-version",
        _E,
        "an unknown Version",
        "IAM knows 2012-10-17 and 2008-10-17; the version is the grammar's, not the policy's",
        'write "2012-10-17"',
    ),
    Rule(
        "old-version",
        _I,
        "the grammar of 2008",
        "it knows no policy variables",
        'write "2012-10-17"',
    ),
    Rule(
        "variables-in-old-version",
        _E,
        "policy variables in the grammar of 2008",
        "they are taken literally there, and match nothing",
        'write "Version": "2012-10-17"',
    ),
    Rule(
        "bad-sid",
        _E,
        "a Sid with other characters",
        "IAM takes letters and digits in a Sid",
        "write letters and digits",
    ),
    Rule(
        "duplicate-sid",
        _E,
        "a Sid that stands twice",
        "a Sid stands once in a policy",
        "name one of them otherwise",
    ),
)

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
        "privilege-escalation",
        _W,
        "a way to more rights than are given",
        "whoever has these actions can give himself others",
        "bind the actions to resources, or by iam:PermissionsBoundary",
    ),
)

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

_SIZES = (
    Rule(
        "too-long",
        _E,
        "longer than AWS takes",
        "AWS refuses the policy",
        "use wildcards for groups of actions or resources, or several policies",
    ),
    Rule(
        "too-long-for-managed",
        _I,
        "too long for a managed policy",
        "only a role's inline policies are longer",
        "keep it inline, or make two of it",
    ),
    Rule(
        "not-examined",
        _E,
        "too much to look at",
        "the rest of the findings is left out",
        "mend these, and look again",
    ),
)

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        *_JSON,
        *_GRAMMAR,
        *_ACTIONS,
        *_RESOURCES,
        *_REACH,
        *_PRINCIPALS,
        *_CONDITIONS,
        *_SIZES,
    )
}
