"""The named policies: what they mean, that they are right by IAM's tables, what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.iam import reference
from spawn.iam.breadth import broad_statements
from spawn.iam.checks import parse_identity_policy
from spawn.iam.documents import PolicyDocument, Statement, canonical_json
from spawn.iam.templates import (
    PHRASES,
    SESSION_MANAGER,
    TEMPLATES,
    brief_words,
    parse_templates,
    statements,
)

ACCOUNT = "123456789012"
_NAMES = {
    "s3": ["my-bucket", "my-bucket/data/*", "my-bucket/data/", "my-*", "my-bucket/a?.txt"],
    "dynamodb": ["my-table", "team-*", "arn:{p}:dynamodb:eu-west-1:210987654321:table/theirs"],
    "logs": ["/group", "/myapp/*", "arn:{p}:logs:us-east-1:123456789012:log-group:/x:*"],
    "ecr": ["repo", "team/repo", "team/*"],
    "sqs": ["queue", "queue.fifo", "team-*", "arn:{p}:sqs:us-east-1:210987654321:theirs"],
    "secretsmanager": [
        "myapp/key",
        "myapp/*",
        "arn:{p}:secretsmanager:us-east-1:210987654321:secret:theirs-AbCdEf",
    ],
    "ssm": ["/myapp/key", "/myapp/*", "plain", "arn:{p}:ssm:us-east-1:210987654321:parameter/x"],
}
_words = st.sampled_from(sorted(TEMPLATES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(["", *_NAMES[name.partition(":")[0]]]))
)
# Names may hold slashes and colons in these; in all others they end there.
_WHOLE = ("ObjectName", "SecretId", "ParameterNameWithoutLeadingSlash", "RepositoryName")


def document(word: str, *, partition: str = "aws", region: str = "us-east-1") -> PolicyDocument:
    """Return what a template means."""
    (template,) = parse_templates([word])
    return PolicyDocument(
        statements=statements(template, partition=partition, region=region, account=ACCOUNT)
    )


def fits(resource: str, pattern: str) -> bool:
    """Say whether some resource that a policy names is of the type with this ARN."""
    parts = re.split(r"(\$\{\w+\})", pattern)
    names = (re.fullmatch(r"\$\{(\w+)\}", part) for part in parts)
    expression = "".join(
        re.escape(part)
        if name is None
        else (".+" if name[1].startswith("Log") or name[1] in _WHOLE else "[^/]*")
        for part, name in zip(parts, names, strict=True)
    )
    matched = (re.sub(r"\*$", last, resource) for last in ("x", "index/x"))
    return any(re.fullmatch(expression, re.sub(r"[*?]", "x", each)) for each in matched)


def mismatches(statement: Statement) -> list[str]:
    """Return actions of a statement that none of its resources is for, and resources for none."""
    used: set[str] = set()
    wrong = []
    for action in statement.actions:
        patterns = reference.arn_patterns(action.partition(":")[0])
        kinds = {
            kind.name.lower()
            for found in reference.matching_actions(action)
            for kind in found.resource_types
        }
        right = {
            resource
            for resource in statement.resources
            if (resource == "*" and not kinds)
            or any(fits(resource, patterns[kind]) for kind in kinds & patterns.keys())
        }
        used |= right
        wrong += [] if right else [action]
    return wrong + sorted(set(statement.resources) - used)


@given(
    word=_words,
    place=st.sampled_from(
        [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
    ),
)
def test_templates_are_right_by_iams_tables(word: tuple[str, str], place: tuple[str, str]) -> None:
    """Whatever the scope and partition: IAM accepts it, and each action fits its resource type."""
    partition, region = place
    text = "@".join(filter(None, word)).format(p=partition)
    policy = document(text, partition=partition, region=region)
    parse_identity_policy(canonical_json(policy), flag="x", partition=partition)
    for statement in policy.statements:
        assert mismatches(statement) == [], statement


def test_the_check_against_the_tables_sees_a_mismatch() -> None:
    """Listing a bucket allowed on its objects, which lists nothing, is seen as wrong."""
    right = document("s3:ReadOnly@b").statements
    listing = next(each for each in right if each.actions == ("s3:ListBucket",))
    wrong = Statement(
        effect=listing.effect, actions=listing.actions, resources=("arn:aws:s3:::b/*",)
    )
    assert mismatches(listing) == []
    assert mismatches(wrong) == ["s3:ListBucket", "arn:aws:s3:::b/*"]


@given(word=_words)
def test_only_full_access_without_a_scope_is_broad(word: tuple[str, str]) -> None:
    """A template is a finding exactly when it is every action on everything."""
    policy = document("@".join(filter(None, word)).format(p="aws"))
    name, scope = word
    assert bool(broad_statements(policy)) == (name.endswith(":FullAccess") and not scope)


def test_session_manager_is_not_broad() -> None:
    """What the strict level gives every instance passes the strict level's own control."""
    assert broad_statements(SESSION_MANAGER) == ()


def granted(word: str) -> dict[str, tuple[str, ...]]:
    """Return the resources of each action."""
    return {action: each.resources for each in document(word).statements for action in each.actions}


def test_unscoped_s3_reaches_spawns_own_buckets_of_this_account_only() -> None:
    """Bucket names are global: a stranger's bucket of the expected name is out of reach."""
    policy = document("s3:ReadOnly")
    assert granted("s3:ReadOnly") == {
        "s3:ListBucket": (
            "arn:aws:s3:::spawn-binaries-123456789012-us-east-1",
            "arn:aws:s3:::spawn-results-123456789012-us-east-1",
        ),
        "s3:GetObject": (
            "arn:aws:s3:::spawn-binaries-123456789012-us-east-1/*",
            "arn:aws:s3:::spawn-results-123456789012-us-east-1/*",
        ),
    }
    for statement in policy.statements:
        assert statement.conditions == {"StringEquals": {"aws:ResourceAccount": (ACCOUNT,)}}
    assert granted("s3:WriteOnly") == {
        "s3:PutObject": ("arn:aws:s3:::spawn-results-123456789012-us-east-1/*",)
    }


def test_a_scope_of_keys_lists_those_keys_only() -> None:
    """Listing is asked of the bucket, so the prefix is bound by a condition."""
    listing, reading = document("s3:ReadOnly@my-bucket/data/*").statements
    assert listing.resources == ("arn:aws:s3:::my-bucket",)
    assert listing.conditions == {"StringLike": {"s3:prefix": ("data/*",)}}
    assert reading.resources == ("arn:aws:s3:::my-bucket/data/*",)
    assert reading.conditions == {}


def test_a_bucket_pattern_stays_in_the_account() -> None:
    """Where a wildcard could match a stranger's bucket, the account is demanded."""
    for statement in document("s3:ReadOnly@my-*/data/*").statements:
        assert statement.conditions["StringEquals"] == {"aws:ResourceAccount": (ACCOUNT,)}


def test_a_secret_brings_its_key_for_nothing_else() -> None:
    """A customer key decrypts only that secret, and only by way of Secrets Manager."""
    reading, key = document("secretsmanager:ReadOnly@myapp/*").statements
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:myapp/*-??????"
    assert reading.resources == (arn,)
    assert key.actions == ("kms:Decrypt",)
    assert key.resources == ("arn:aws:kms:us-east-1:123456789012:key/*",)
    assert key.conditions == {
        "StringEquals": {"kms:ViaService": ("secretsmanager.us-east-1.amazonaws.com",)},
        "StringLike": {"kms:EncryptionContext:SecretARN": (arn,)},
    }


def test_one_parameter_gives_no_path() -> None:
    """Who may read a path may read all below it: a scope of one parameter grants no path."""
    assert "ssm:GetParametersByPath" not in granted("ssm:ReadOnly@/myapp/key")
    assert granted("ssm:ReadOnly@/myapp/*")["ssm:GetParametersByPath"] == (
        "arn:aws:ssm:us-east-1:123456789012:parameter/myapp",
        "arn:aws:ssm:us-east-1:123456789012:parameter/myapp/*",
    )


def test_an_arn_brings_its_own_region_and_account() -> None:
    """A table elsewhere is named by ARN, and nothing here is granted with it."""
    word = "dynamodb:ReadOnly@arn:aws:dynamodb:eu-west-1:210987654321:table/theirs"
    theirs = "arn:aws:dynamodb:eu-west-1:210987654321:table/theirs"
    assert granted(word)["dynamodb:GetItem"] == (theirs,)
    assert granted(word)["dynamodb:Query"] == (theirs, f"{theirs}/index/*")


def test_several_words_each_once() -> None:
    """Commas and repeated flags add up, spaces don't count, repetition does nothing."""
    parsed = parse_templates(["s3:ReadOnly, logs:WriteOnly@/g", "s3:ReadOnly"])
    assert [template.words for template in parsed] == ["s3:ReadOnly", "logs:WriteOnly@/g"]


@pytest.mark.parametrize(
    ("word", "what", "why"),
    [
        ("s3:ReadOny", "'s3:ReadOny'", "did you mean s3:ReadOnly?"),
        ("S3:readonly", "'S3:readonly'", "did you mean s3:ReadOnly?"),
        ("dynamo:ReadOnly", "'dynamo:ReadOnly'", "did you mean dynamodb:ReadOnly?"),
        ("ecr:WriteOnly", "'ecr:WriteOnly'", "there are ecr:ReadOnly"),
        ("s3:GetObject", "'s3:GetObject'", "--iam-policy-file"),
        ("", "''", "there are s3:ReadOnly"),
        ("s3:ReadOnly@", "''", "@my-bucket/data/*"),
        ("s3:ReadOnly@*", "names nothing", "leave out @"),
        ("s3:ReadOnly@*/data/*", "names nothing", "leave out @"),
        ("sqs:FullAccess@**", "names nothing", "leave out @"),
        ("s3:ReadOnly@My_Bucket", "'My_Bucket'", "@my-bucket"),
        ("s3:ReadOnly@b/${aws:username}/*", "'b/${aws:username}/*'", "@my-bucket"),
        ("s3:ReadOnly@b/a b", "'b/a b'", "@my-bucket"),
        ("s3:ReadOnly@b/a\nb", "'b/a\\nb'", "@my-bucket"),
        ('dynamodb:ReadOnly@a"b', "'a\"b'", "@my-table"),
        ("dynamodb:ReadOnly@a/b", "'a/b'", "@my-table"),
        ("sqs:ReadOnly@arn:aws:sns:us-east-1:123456789012:t", "sqs", "service's name"),
        ("sqs:ReadOnly@arn:aws:sqs:us-east-1:*:t", "sqs", "without wildcards"),
        ("sqs:ReadOnly@arn:aws:sqs::123456789012:t", "sqs", "region"),
        ("s3:ReadOnly@arn:aws:s3:us-east-1:123456789012:accesspoint/p", "s3", "S3"),
        ("sqs:ReadOnly@arn:aws", "not an ARN", "arn:partition"),
        ("dynamodb:ReadOnly@arn:aws:dynamodb:us-east-1:123456789012:x/t", "@arn", "table/NAME"),
    ],
)
def test_refused_with_the_flag_and_a_remedy(word: str, what: str, why: str) -> None:
    """An unknown template and a senseless scope say what to write instead."""
    with pytest.raises(InputError) as refusal:
        parse_templates([word], flag="--iam-policy")
    assert refusal.value.what.startswith("--iam-policy")
    assert what in refusal.value.what
    assert why in refusal.value.why


def test_an_arn_of_another_partition_is_refused() -> None:
    """An ARN that can't exist beside the instance is an error, not a statement without effect."""
    with pytest.raises(InputError, match="'aws-cn'"):
        document("s3:ReadOnly@arn:aws-cn:s3:::b")


def test_every_template_has_words() -> None:
    """What is listed and shown at a launch names each template, and nothing that is none."""
    assert PHRASES.keys() == TEMPLATES.keys()
    words = [brief_words(each) for each in parse_templates(["s3:ReadOnly@a/data/*,logs:WriteOnly"])]
    assert words == ["read s3 a/data/*", "write logs of this account and region"]
