"""Each rule with a policy that it finds fault with, at its place, and one that it lets pass."""

from __future__ import annotations

import pytest

from spawn.iam.lint import RULES, PolicyKind
from tests.unit.iam.lint.documents import (
    allow,
    findings,
    let_in,
    marked,
    policy,
    rules,
    trust,
    when,
)

GOOD = allow('"s3:GetObject"', '"arn:aws:s3:::b/*"')
SID = '"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Sid": '
ROLE = '"arn:aws:iam::123456789012:role/r"'
GITHUB = (
    '{"Federated": ▶"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}'
)
WEB = '"sts:AssumeRoleWithWebIdentity"'
MANY = ", ".join(f'"arn:aws:s3:::bucket-{n:04}/*"' for n in range(230))

# rule -> what it finds, ▶ where; what it does not.
CASES: dict[str, tuple[str, str]] = {
    "empty-document": (" \n▶", GOOD),
    "byte-order-mark": ("▶\ufeff" + GOOD, GOOD),
    "not-json": ("{\"Version\": ▶'2012-10-17'}", GOOD),
    "trailing-comma": (allow('["s3:GetObject"▶,]', '"arn:aws:s3:::b/*"'), GOOD),
    "missing-comma": (
        allow('["s3:GetObject▶" "s3:PutObject"]', '"arn:aws:s3:::b/*"'),
        allow('["s3:GetObject", "s3:PutObject"]', '"arn:aws:s3:::b/*"'),
    ),
    "too-deep": ("[" * 32 + "▶[", "[" * 32 + "]" * 32),
    "duplicate-member": (
        policy(f'{SID}"A",\n  ▶"Effect": "Deny"'),
        policy(f'{SID}"A"'),
    ),
    "lone-surrogate": (policy(f'{SID}▶"\\ud800"'), policy(f'{SID}"\\ud83d\\ude00"')),
    "character-to-escape": (
        when('"StringEquals": {"aws:username": "▶漢"}'),
        when('"StringEquals": {"aws:username": "\\u6f22é"}'),
    ),
    "wrong-type": (allow('["s3:GetObject", ▶null]', '"arn:aws:s3:::b/*"'), GOOD),
    "unknown-member": (
        allow('"s3:GetObject"', '"arn:aws:s3:::b/*"', ', ▶"Conditions": {}'),
        when('"Bool": {"aws:SecureTransport": "true"}'),
    ),
    "missing-statement": ('▶{"Version": "2012-10-17"}', GOOD),
    "missing-effect": (
        '{"Version": "2012-10-17",\n "Statement": ▶{"Action": "*", "Resource": "*"}}',
        GOOD,
    ),
    "bad-effect": (policy('"Effect": ▶"allow", "Action": "*", "Resource": "*"'), GOOD),
    "missing-action": (
        '{"Version": "2012-10-17",\n "Statement": ▶{"Effect": "Deny", "Resource": "*"}}',
        policy('"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"'),
    ),
    "missing-resource": (
        '{"Version": "2012-10-17",\n "Statement": ▶{"Effect": "Deny", "Action": "*"}}',
        GOOD,
    ),
    "both-members": (
        (
            '{"Version": "2012-10-17", "Statement": ▶{"Effect": "Deny", "Resource": "*",\n'
            '"Action": "s3:GetObject", "NotAction": "s3:PutObject"}}'
        ),
        GOOD,
    ),
    "empty-list": (allow("▶[]"), GOOD),
    "principal-not-allowed": (
        # The kind is given below: of itself this would be taken for a bucket's policy.
        let_in(f'▶{{"AWS": {ROLE}}}'),
        GOOD,
    ),
    "missing-principal": (
        (
            '{"Version": "2012-10-17", "Statement":\n ▶{"Effect": "Deny", "Action": "s3:GetObject",'
            '"Resource": "*"}}'
        ),
        let_in(f'{{"AWS": {ROLE}}}'),
    ),
    "resource-not-allowed": (
        trust('{"Service": "ec2.amazonaws.com"}', rest=',\n"Resource": ▶"*"'),
        trust('{"Service": "ec2.amazonaws.com"}'),
    ),
    "missing-version": (policy(SID + '""', version="").replace("{", "▶{", 1), GOOD),
    "unknown-version": (policy(SID + '""', version='"Version": ▶"2026-01-01", '), GOOD),
    "old-version": (policy(SID + '""', version='"Version": ▶"2008-10-17", '), GOOD),
    "variables-in-old-version": (
        when('"StringLike": {"s3:prefix": "${aws:username}/*"}', '"s3:ListBucket"')
        .replace("2012", "2008")
        .replace('"2008', '▶"2008')
        .replace("b/*", "b"),
        allow('"s3:GetObject"', '"arn:aws:s3:::b/${aws:username}/*"'),
    ),
    "bad-sid": (policy(f'{SID}▶"read-it"'), policy(f'{SID}"ReadIt1"')),
    "duplicate-sid": (
        policy(f'{SID}"A"}}, {{"Effect": "Deny", "Action": "*", "Resource": "*", "Sid": ▶"A"'),
        policy(f'{SID}""}}, {{"Effect": "Deny", "Action": "*", "Resource": "*", "Sid": ""'),
    ),
    "not-an-action": (allow('▶"GetObject"'), allow('"s3:GetObject"')),
    "unknown-service": (allow('▶"secretmanager:GetSecretValue"'), allow('"s3:GetObject"')),
    "unknown-action": (allow('["s3:GetObject",\n ▶"s3:GetObjects"]'), allow('"s3:GetObject*"')),
    "unlisted-action": (allow('▶"s3:Frobnicate*"'), allow('"s3:List*"')),
    "action-case": (allow('▶"s3:getobject"'), allow('"s3:get*"')),
    "redundant-action": (allow('["s3:Get*", ▶"s3:GetObject"]'), allow('["s3:Get*", "s3:List*"]')),
    "duplicate-value": (allow('["s3:GetObject", ▶"s3:getObject"]'), allow('["s3:GetObject"]')),
    "not-an-arn": (allow('"s3:GetObject"', '▶"b/*"'), GOOD),
    "unknown-partition": (
        allow('"s3:GetObject"', '▶"arn:asw:s3:::b/*"'),
        allow('"s3:GetObject"', '"arn:aws-us-gov:s3:::b/*"'),
    ),
    "bad-region": (
        allow('"sqs:SendMessage"', '▶"arn:aws:sqs:useast1:123456789012:q"'),
        allow('"sqs:SendMessage"', '"arn:aws:sqs:*:123456789012:q"'),
    ),
    "bad-account": (
        allow('"sqs:SendMessage"', '▶"arn:aws:sqs:us-east-1:12345678901:q"'),
        allow('"sqs:SendMessage"', '"arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q"'),
    ),
    "action-resource-mismatch": (
        allow('["s3:GetObject", ▶"s3:ListBucket"]', '["arn:aws:s3:::b/*"]'),
        allow('["s3:GetObject", "s3:ListBucket"]', '["arn:aws:s3:::b", "arn:aws:s3:::b/*"]'),
    ),
    "action-needs-star": (
        allow('▶"ecr:GetAuthorizationToken"', '"arn:aws:ecr:us-east-1:123456789012:repository/r"'),
        allow('"ecr:GetAuthorizationToken"'),
    ),
    "unused-resource": (
        allow('"s3:GetObject"', '[▶"arn:aws:s3:::b", "arn:aws:s3:::b/*"]'),
        GOOD,
    ),
    "resource-of-other-service": (
        allow('"s3:GetObject"', '["arn:aws:s3:::b/*",\n▶"arn:aws:sqs:us-east-1:123456789012:q"]'),
        GOOD,
    ),
    "every-action": (allow('▶"*"'), allow('"s3:ListAllMyBuckets"')),
    "every-action-of-service": (allow('▶"sqs:*"'), allow('"sqs:*"', '"arn:aws:sqs:*:*:q"')),
    "not-action-with-allow": (
        policy('"Effect": "Allow", "Resource": "*", "NotAction": ▶"iam:*"'),
        policy('"Effect": "Deny", "Resource": "*", "NotAction": "iam:*"'),
    ),
    "not-resource-with-allow": (
        policy('"Effect": "Allow", "NotResource": ▶"arn:aws:s3:::b/*", "Action": "s3:GetObject"'),
        policy('"Effect": "Deny", "NotResource": "arn:aws:s3:::b/*", "Action": "s3:GetObject"'),
    ),
    "pass-any-role": (allow('▶"iam:PassRole"'), allow('"iam:PassRole"', ROLE)),
    "change-anything": (
        allow('▶"ec2:TerminateInstances"'),
        allow(
            '"ec2:TerminateInstances"',
            rest=', "Condition": {"StringEquals": {"ec2:ResourceTag/owner": "ana"}}',
        ),
    ),
    "read-any-secret": (
        allow('▶"secretsmanager:GetSecretValue"'),
        allow(
            '"secretsmanager:GetSecretValue"',
            '"arn:aws:secretsmanager:us-east-1:123456789012:secret:db-*"',
        ),
    ),
    "privilege-escalation": (
        allow('▶"iam:CreatePolicyVersion"'),
        allow('"iam:CreatePolicyVersion"', '"arn:aws:iam::123456789012:policy/mine"'),
    ),
    "public-access": (
        let_in('▶"*"'),
        let_in('"*"', ', "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}'),
    ),
    "not-principal-with-allow": (
        let_in(f'{{"AWS": ▶{ROLE}}}').replace('"Principal"', '"NotPrincipal"'),
        let_in(f'{{"AWS": {ROLE}}}').replace('"Pr', '"NotPr').replace("Allow", "Deny"),
    ),
    "unknown-principal-kind": (
        let_in('{▶"Role": "123456789012"}'),
        let_in('{"AWS": "123456789012"}'),
    ),
    "bad-principal": (
        let_in('{"AWS": [▶"arn:aws:iam::123456789012:role/*"]}'),
        let_in(f'{{"AWS": [{ROLE}]}}'),
    ),
    "deleted-principal": (
        let_in('{"AWS": ▶"AROAEXAMPLEID12345678"}'),
        let_in(f'{{"AWS": {ROLE}}}'),
    ),
    "cross-account-principal": (
        let_in('{"AWS": ▶"111122223333"}', resource='"arn:aws:sqs:us-east-1:123456789012:q"'),
        let_in('{"AWS": "123456789012"}', resource='"arn:aws:sqs:us-east-1:123456789012:q"'),
    ),
    "confused-deputy": (
        let_in('{"Service": ▶"sns.amazonaws.com"}'),
        let_in(
            '{"Service": "sns.amazonaws.com"}',
            ', "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}',
        ),
    ),
    "federated-without-subject": (
        trust(GITHUB, WEB),
        trust(
            GITHUB.replace("▶", ""),
            WEB,
            ', "Condition": {"StringLike":'
            ' {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"}}',
        ),
    ),
    "unknown-operator": (
        when('▶"StringEqual": {"aws:username": "a"}'),
        when('"ForAnyValue:StringEqualsIfExists": {"aws:username": "a"}'),
    ),
    "operator-case": (
        when('▶"stringEquals": {"aws:username": "a"}'),
        when('"StringEquals": {"aws:username": "a"}'),
    ),
    "unknown-condition-key": (
        when('"StringEquals": {▶"aws:PrincipleOrgID": "o-1"}'),
        when('"StringEquals": {"aws:PrincipalTag/team": "a"}'),
    ),
    "condition-key-not-of-action": (
        when('"StringEquals": {▶"s3:prefix": "a"}'),
        when('"StringEquals": {"s3:ExistingObjectTag/a": "b"}'),
    ),
    "operator-type-mismatch": (
        when('▶"StringEquals": {"aws:SourceIp": "203.0.113.9"}'),
        when('"IpAddress": {"aws:SourceIp": "203.0.113.9"}'),
    ),
    "text-operator-on-arn": (
        when('▶"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r"}'),
        when('"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r"}'),
    ),
    "literal-wildcard": (
        when('"StringEquals": {"aws:username": ["a", ▶"b-*"]}'),
        when('"StringLike": {"aws:username": ["a", "b-*"]}'),
    ),
    "all-values-of-none": (
        when('"ForAllValues:StringEquals": {▶"aws:CalledVia": "a"}'),
        when(
            '"ForAllValues:StringEquals": {"aws:CalledVia": "a"},'
            ' "Null": {"aws:CalledVia": "false"}'
        ),
    ),
    "many-valued-key": (
        when('"StringEquals": {▶"aws:CalledVia": "athena.amazonaws.com"}'),
        when('"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}'),
    ),
    "bad-condition-value": (
        when('"IpAddress": {"aws:SourceIp": ▶"203.0.113.256"}'),
        when('"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}'),
    ),
    "unknown-variable": (
        allow('"s3:GetObject"', '▶"arn:aws:s3:::b/${aws:user}/*"'),
        allow('"s3:GetObject"', "\"arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/${*}\""),
    ),
    "unclosed-variable": (allow('"s3:GetObject"', '▶"arn:aws:s3:::b/${aws:username/*"'), GOOD),
    "too-long": (
        "▶" + trust('{"Service": "ec2.amazonaws.com"}', rest=f', "Sid": "{"a" * 2000}"'),
        trust('{"Service": "ec2.amazonaws.com"}', rest=f', "Sid": "{"a" * 1900}"'),
    ),
    "too-long-for-managed": ("▶" + allow('"s3:GetObject"', f"[{MANY}]"), GOOD + " " * 6_144),
    "not-examined": (
        "▶" + allow('"s3:GetObject"', f'["arn:aws:s3:::b/{"a" * 131_072}"]'),
        GOOD,
    ),
}
# Where the kind is not what the text looks like.
KINDS = {
    "principal-not-allowed": PolicyKind.IDENTITY,
    "missing-principal": PolicyKind.RESOURCE,
}
# Found in bytes, and in what is attached in AWS; tested with them.
ELSEWHERE = {"not-utf8", "too-large", "broad-managed-policy", "inline-nearly-full"}


def test_every_rule_has_its_cases() -> None:
    """No rule is without a policy that it finds and one that it lets pass."""
    assert CASES.keys() | ELSEWHERE == RULES.keys()


@pytest.mark.parametrize("rule", CASES)
def test_found_at_its_place(rule: str) -> None:
    """The rule finds it, and points at the line and column where it is."""
    text, place = marked(CASES[rule][0])
    found = [each for each in findings(text, KINDS.get(rule)) if each.rule == rule]
    assert [(each.place.line, each.place.column) for each in found] == [place]
    assert found[0].severity is RULES[rule].severity


@pytest.mark.parametrize("rule", CASES)
def test_let_pass(rule: str) -> None:
    """What is right is not found by the rule, whatever others say of it."""
    assert rule not in rules(CASES[rule][1], KINDS.get(rule))
