"""The rules of form: JSON, IAM's grammar, and how long a policy may be."""

from __future__ import annotations

from spawn.iam.lint.finding import Severity
from spawn.iam.lint.rule import Rule

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

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
        "inline-nearly-full",
        _I,
        "a role's inline policies have hardly room left",
        "AWS counts all of them together, and refuses the next one",
        "make managed policies of some of them",
    ),
    Rule(
        "not-examined",
        _E,
        "too much to look at",
        "the rest of the findings is left out",
        "mend these, and look again",
    ),
)

RULES = (*_JSON, *_GRAMMAR, *_SIZES)
