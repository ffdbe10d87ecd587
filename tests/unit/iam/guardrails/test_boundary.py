"""The boundary lets through what spawn's roles are for, and nothing that makes them more."""

from __future__ import annotations

import pytest

from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.documents import Effect, PolicyDocument, Statement
from spawn.iam.evaluation import Kind, Outcome, PolicySet, Request, compile_policy, decide
from spawn.iam.templates import SESSION_MANAGER, TEMPLATES, parse_templates, statements
from spawn.launch.asking import asking_statement
from tests.unit.iam.guardrails.requests import (
    ACCOUNT,
    EVERYTHING,
    INSTANCE,
    Keys,
    as_values,
    policy,
    tagged,
)

ROLE = f"arn:aws:iam::{ACCOUNT}:role/spawn/spawn-0"
BOUNDARY = policy("boundary")
# Actions that a wildcard in a template stands for, one that reads and one that changes.
EXAMPLES = {
    "s3:*": ("s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteObject"),
    "dynamodb:*": ("dynamodb:Scan", "dynamodb:DeleteTable"),
    "sqs:*": ("sqs:PurgeQueue", "sqs:GetQueueUrl"),
}


def ask(action: str, resource: str, **context: str | tuple[str, ...]) -> Request:
    """Return what a role of spawn's asks, its owner being ana."""
    keys: Keys = {"aws:principaltag/owner": "ana", "aws:resourceaccount": ACCOUNT, **context}
    return Request(
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/spawn-0/i-0123456789abcdef0",
        action=action,
        resource=resource,
        context=as_values(keys),
        role_arn=ROLE,
        resource_account=ACCOUNT,
    )


def outcome(document: PolicyDocument, request: Request) -> Outcome:
    """Judge a role with that policy under the boundary."""
    own = compile_policy(document, name="spawn")
    return decide(request, PolicySet(identity=(own,), boundary=BOUNDARY)).outcome


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_action_of_every_template_works(name: str) -> None:
    """Under the boundary each action of a template does on its resources what it does without."""
    place = {"partition": "aws", "region": "eu-west-1", "account": ACCOUNT}
    (template,) = parse_templates([name])
    document = PolicyDocument(statements=statements(template, **place))
    for statement in document.statements:
        conditions = {
            key: values[0] for keys in statement.conditions.values() for key, values in keys.items()
        }
        for action in statement.actions:
            for example in EXAMPLES.get(action, (action,)):
                request = ask(example, statement.resources[0], **conditions)
                assert outcome(document, request) is Outcome.ALLOWED, (example, statement)


def test_session_manager_and_the_agents_duties_work() -> None:
    """Strict's five actions, a name in DNS, and an instance that stops itself pass; no other."""
    for action in SESSION_MANAGER.statements[0].actions:
        assert outcome(SESSION_MANAGER, ask(action, "*")) is Outcome.ALLOWED
    stopping = PolicyDocument(statements=(asking_statement(partition="aws", account=ACCOUNT),))
    itself = {"ec2:instanceid": "i-0123456789abcdef0", "ec2:sourceinstancearn": INSTANCE}
    assert outcome(stopping, ask("ec2:StopInstances", INSTANCE, **itself)) is Outcome.ALLOWED
    another = {**itself, "ec2:instanceid": "i-0fedcba9876543210"}
    assert outcome(stopping, ask("ec2:StopInstances", INSTANCE, **another)) is not Outcome.ALLOWED
    record = ask("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1")
    everything = PolicySet(identity=(EVERYTHING,), boundary=BOUNDARY)
    assert decide(record, everything).is_allowed


@pytest.mark.parametrize("action", ["ec2:TerminateInstances", "ec2:StopInstances"])
def test_the_backstop_ends_what_is_its_owners(action: str) -> None:
    """It ends ana's instance, unless that is held."""
    document = wanted_backstop_role("ana", partition="aws", account=ACCOUNT, boundary="b").inline
    assert document is not None
    own = tagged("ana", spawn="true")
    assert outcome(document, ask(action, INSTANCE, **own)) is Outcome.ALLOWED
    held = own | tagged(None, spawn_hold="case-1")
    assert outcome(document, ask(action, INSTANCE, **held)) is not Outcome.ALLOWED


@pytest.mark.parametrize("owner", ["ben", "*", None])
def test_no_role_ends_what_is_anothers(owner: str | None) -> None:
    """Whatever its own policy allows, a role with ana's tag ends only what is tagged as ana's."""
    policies = PolicySet(identity=(EVERYTHING,), boundary=BOUNDARY)
    context = tagged(owner, spawn="true")
    decision = decide(ask("ec2:TerminateInstances", INSTANCE, **context), policies)
    assert (decision.outcome, decision.kind) == (Outcome.IMPLICIT_DENY, Kind.BOUNDARY)


def test_a_role_without_an_owner_ends_nothing() -> None:
    """Who makes a role and leaves the tag out gets one that ends no instance at all."""
    request = ask("ec2:TerminateInstances", INSTANCE, **tagged("", spawn="true"))
    context = {key: value for key, value in request.context.items() if "principaltag" not in key}
    nobodys = Request(
        principal=request.principal,
        action=request.action,
        resource=request.resource,
        context=context,
        role_arn=ROLE,
        resource_account=ACCOUNT,
    )
    policies = PolicySet(identity=(EVERYTHING,), boundary=BOUNDARY)
    assert not decide(nobodys, policies).is_allowed


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutRolePolicy", ROLE),
        ("iam:DeleteRolePermissionsBoundary", ROLE),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/admin"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        ("sts:AssumeRoleWithWebIdentity", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        ("organizations:LeaveOrganization", "*"),
        ("account:CloseAccount", "*"),
        ("ec2:RunInstances", "*"),
        ("ec2:AssociateIamInstanceProfile", INSTANCE),
        ("ec2:ModifyInstanceAttribute", INSTANCE),
        ("ec2:CreateTags", INSTANCE),
        ("ec2:DescribeInstanceAttribute", INSTANCE),
        ("ssm:SendCommand", INSTANCE),
        ("ssm:StartSession", INSTANCE),
        ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:admin"),
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:admin"),
        ("cloudformation:CreateStack", "*"),
        ("scheduler:CreateSchedule", "*"),
        ("kms:PutKeyPolicy", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"),
        ("kms:CreateGrant", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"),
        ("secretsmanager:PutResourcePolicy", "*"),
        ("ssm:PutParameter", "*"),
    ],
)
def test_no_role_becomes_more_than_it_is(action: str, resource: str) -> None:
    """A role that may do everything is kept from each way to more rights, or out of its machine."""
    policies = PolicySet(identity=(EVERYTHING,), boundary=BOUNDARY)
    assert not decide(ask(action, resource), policies).is_allowed


def test_a_trusting_role_is_no_way_out() -> None:
    """What a resource's own policy grants to the session is denied too, where it leads out."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/spawn-0/i-0123456789abcdef0"
    statement = Statement(
        effect=Effect.ALLOW, principals={"AWS": (session,)}, actions=("sts:AssumeRole",)
    )
    trusting = compile_policy(PolicyDocument(statements=(statement,)), name="trust")
    policies = PolicySet(identity=(EVERYTHING,), boundary=BOUNDARY, resource=trusting)
    decision = decide(ask("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin"), policies)
    assert decision.outcome is Outcome.EXPLICIT_DENY
