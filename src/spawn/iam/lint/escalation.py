"""Ways from the rights that a policy gives to rights that it does not give.

Each row is a way that is publicly known: `key` is the action that must reach what is not one's
own, `others` are those that must be allowed as well. What binds the key action (a named resource,
a condition on more than the caller's whereabouts) closes the way.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from spawn.iam import reference
from spawn.iam.breadth import names_nothing
from spawn.iam.documents import Effect
from spawn.iam.evaluation.wildcards import wildcard
from spawn.iam.lint.finding import Spot
from spawn.iam.lint.nodes import Text
from spawn.iam.lint.overlap import is_everything
from spawn.iam.lint.view import Policy, Statement, Test

_PASS = "iam:PassRole"  # noqa: S105  an action
_PASSED_TO = "iam:passedtoservice"
_MOST_NAMED = 3


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way to more rights. `passed_to` is the service that a role must be passed to, or ""."""

    key: str
    others: tuple[str, ...] = ()
    gives: str
    passed_to: str = ""


def _alone(key: str, gives: str, *others: str) -> Way:
    return Way(key=key, others=others, gives=gives)


def _passing(service: str, gives: str, *others: str) -> Way:
    return Way(key=_PASS, others=others, gives=gives, passed_to=f"{service}.amazonaws.com")


WAYS: Final = (
    _alone("iam:CreatePolicyVersion", "rewrite a policy that is attached"),
    _alone("iam:SetDefaultPolicyVersion", "go back to a wider version of a policy"),
    _alone("iam:AttachUserPolicy", "attach any policy to a user"),
    _alone("iam:AttachGroupPolicy", "attach any policy to a group"),
    _alone("iam:AttachRolePolicy", "attach any policy to a role"),
    _alone("iam:PutUserPolicy", "write any policy into a user"),
    _alone("iam:PutGroupPolicy", "write any policy into a group"),
    _alone("iam:PutRolePolicy", "write any policy into a role"),
    _alone("iam:AddUserToGroup", "join any group"),
    _alone("iam:UpdateAssumeRolePolicy", "have any role trust them"),
    _alone("iam:CreateAccessKey", "make keys for any user"),
    _alone("iam:CreateLoginProfile", "give any user a password"),
    _alone("iam:UpdateLoginProfile", "change any user's password"),
    _alone("iam:CreateServiceSpecificCredential", "make credentials for any user"),
    _alone("iam:ResetServiceSpecificCredential", "make credentials for any user"),
    _alone("iam:UploadSigningCertificate", "sign as any user"),
    _alone("iam:UpdateSAMLProvider", "sign as anybody of the identity provider"),
    _alone("iam:DeleteRolePermissionsBoundary", "take the boundary off a role"),
    _alone("iam:DeleteUserPermissionsBoundary", "take the boundary off a user"),
    _alone("iam:PutRolePermissionsBoundary", "widen the boundary of a role"),
    _alone("iam:PutUserPermissionsBoundary", "widen the boundary of a user"),
    _alone("iam:DeleteRolePolicy", "remove what denies from a role"),
    _alone("iam:DetachRolePolicy", "take what denies off a role"),
    _alone("iam:DeleteUserPolicy", "remove what denies from a user"),
    _alone("iam:DetachUserPolicy", "take what denies off a user"),
    _alone("sts:AssumeRole", "become any role that trusts the account"),
    _alone("lambda:UpdateFunctionCode", "run code with the role of any function"),
    _alone("lambda:UpdateFunctionConfiguration", "put a layer of their own into any function"),
    _alone("glue:UpdateDevEndpoint", "log in to a Glue endpoint that has a role"),
    _alone("cloudformation:UpdateStack", "act with the role that a stack has"),
    _alone(
        "cloudformation:CreateChangeSet",
        "act with the role that a stack has",
        "cloudformation:ExecuteChangeSet",
    ),
    _alone(
        "codebuild:UpdateProject", "run code with the role of any project", "codebuild:StartBuild"
    ),
    _alone(
        "sagemaker:CreatePresignedNotebookInstanceUrl", "open any notebook, with the role it has"
    ),
    _alone("ssm:SendCommand", "run commands on any instance, with the role it has"),
    _alone("ssm:StartSession", "log in to any instance, with the role it has"),
    _alone("ec2-instance-connect:SendSSHPublicKey", "log in to any instance, with its role"),
    _alone(
        "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
        "log in to any instance, with its role",
    ),
    _alone(
        "ec2:ModifyInstanceAttribute",
        "have any instance run a script of theirs, with its role",
        "ec2:StopInstances",
        "ec2:StartInstances",
    ),
    _alone("sso:PutInlinePolicyToPermissionSet", "write any policy into a permission set"),
    _alone("sso:AttachManagedPolicyToPermissionSet", "attach any policy to a permission set"),
    _alone("sso:CreateAccountAssignment", "assign themselves any permission set"),
    _passing("ec2", "start an instance with any role", "ec2:RunInstances"),
    _passing("ec2", "give an instance any role", "ec2:AssociateIamInstanceProfile"),
    _passing("ec2", "give an instance any role", "ec2:ReplaceIamInstanceProfileAssociation"),
    _passing("ec2", "put any role into an instance's profile", "iam:AddRoleToInstanceProfile"),
    _passing(
        "ec2",
        "start instances with any role",
        "autoscaling:CreateLaunchConfiguration",
        "autoscaling:CreateAutoScalingGroup",
    ),
    _passing(
        "lambda",
        "run code with any role",
        "lambda:CreateFunction",
        "lambda:InvokeFunction",
    ),
    _passing(
        "lambda",
        "run code with any role",
        "lambda:CreateFunction",
        "lambda:CreateEventSourceMapping",
    ),
    _passing("lambda", "run code with any role", "lambda:CreateFunction", "lambda:AddPermission"),
    _passing("glue", "log in to a Glue endpoint with any role", "glue:CreateDevEndpoint"),
    _passing("glue", "run a Glue job with any role", "glue:CreateJob", "glue:StartJobRun"),
    _passing("glue", "run a Glue job with any role", "glue:CreateJob", "glue:CreateTrigger"),
    _passing("glue", "run a Glue job with any role", "glue:UpdateJob", "glue:StartJobRun"),
    _passing("cloudformation", "build a stack with any role", "cloudformation:CreateStack"),
    _passing(
        "datapipeline",
        "run a pipeline with any role",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    _passing(
        "sagemaker",
        "open a notebook with any role",
        "sagemaker:CreateNotebookInstance",
        "sagemaker:CreatePresignedNotebookInstanceUrl",
    ),
    _passing("sagemaker", "run a job with any role", "sagemaker:CreateTrainingJob"),
    _passing("sagemaker", "run a job with any role", "sagemaker:CreateProcessingJob"),
    _passing("codebuild", "build with any role", "codebuild:CreateProject", "codebuild:StartBuild"),
    _passing("ecs-tasks", "run a task with any role", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    _passing(
        "ecs-tasks",
        "run a service with any role",
        "ecs:RegisterTaskDefinition",
        "ecs:CreateService",
    ),
    _passing(
        "ecs-tasks", "run a job with any role", "batch:RegisterJobDefinition", "batch:SubmitJob"
    ),
    _passing("ssm", "run an automation with any role", "ssm:StartAutomationExecution"),
    _passing(
        "states",
        "run a state machine with any role",
        "states:CreateStateMachine",
        "states:StartExecution",
    ),
    _passing("scheduler", "have any call made with any role", "scheduler:CreateSchedule"),
    _passing("pipes", "have targets called with any role", "pipes:CreatePipe"),
    _passing("tasks.apprunner", "run a service with any role", "apprunner:CreateService"),
    _passing(
        "rolesanywhere",
        "get any role by a certificate",
        "rolesanywhere:CreateTrustAnchor",
        "rolesanywhere:CreateProfile",
    ),
    _passing(
        "cognito-identity",
        "hand any role to an identity pool",
        "cognito-identity:SetIdentityPoolRoles",
    ),
)

_NEEDED = frozenset(name.lower() for way in WAYS for name in (way.key, *way.others))
_SERVICES = frozenset(name.partition(":")[0] for name in _NEEDED)
_NONE: frozenset[str] = frozenset()
# Where a call comes from, and when, says nothing of what it reaches.
_BINDS_NOTHING = frozenset(
    {
        *("aws:currenttime", "aws:epochtime", "aws:multifactorauthage", "aws:referer"),
        *("aws:multifactorauthpresent", "aws:principalaccount", "aws:principalorgid"),
        *("aws:requestedregion", "aws:securetransport", "aws:sourceip", "aws:sourcevpc"),
        *("aws:sourcevpce", "aws:useragent", "aws:viaawsservice", "aws:tokenissuetime"),
    }
)


# Each way with the action that it is told at and those that it needs beside, in lower case.
_FOLDED: Final = tuple(
    (way, way.key.lower(), frozenset(map(str.lower, way.others))) for way in WAYS
)


class _Grants(msgspec.Struct, frozen=True):
    """What the statements allow: `wide` where nothing binds it, by lower-case action."""

    wide: Mapping[str, tuple[tuple[Statement, Text], ...]]
    any: frozenset[str]


def escalation_spots(policy: Policy) -> Iterator[Spot]:
    """Find the ways that a policy opens, one spot for each action pattern that opens some."""
    grants = _grants(policy)
    opened: dict[int, tuple[Statement, Text, list[Way]]] = {}
    for way, key, others in _FOLDED:
        if not others <= grants.any:
            continue
        for statement, text in grants.wide.get(key, ()):
            if way.passed_to and not _may_be_passed(statement, way.passed_to):
                continue
            opened.setdefault(text.start, (statement, text, []))[2].append(way)
            break
    for statement, text, ways in opened.values():
        yield Spot(
            rule="privilege-escalation",
            at=text.start,
            message=f"{_granting(statement, text)} lets them {_told(ways)}",
            statement=statement.number,
        )


def _granting(statement: Statement, text: Text) -> str:
    return text.value if text in statement.actions else "what NotAction leaves"


def _told(ways: list[Way]) -> str:
    tellings = list(dict.fromkeys(_telling(way) for way in ways))
    more = len(tellings) - _MOST_NAMED
    shown = "; ".join(tellings[:_MOST_NAMED])
    return f"{shown}; and {more} more" if more > 0 else shown


def _telling(way: Way) -> str:
    return f"{way.gives} (with {', '.join(way.others)})" if way.others else way.gives


def _grants(policy: Policy) -> _Grants:
    denied = _denied(policy)
    wide: dict[str, list[tuple[Statement, Text]]] = {}
    some: set[str] = set()
    for statement in policy.statements:
        if not statement.allows:
            continue
        is_open = _is_open(statement)
        for text, names in _allowed(statement):
            some |= names - denied
            for name in (names - denied) if is_open else ():
                if not _is_bound(statement, name):
                    wide.setdefault(name, []).append((statement, text))
    return _Grants({name: tuple(found) for name, found in wide.items()}, frozenset(some))


def _allowed(statement: Statement) -> Iterator[tuple[Text, frozenset[str]]]:
    for action in statement.actions:
        yield action, _needed(action.value.lower())
    if statement.not_actions:
        excepted = (_needed(action.value.lower()) for action in statement.not_actions)
        yield statement.not_actions[0], _NEEDED.difference(*excepted)


def _denied(policy: Policy) -> frozenset[str]:
    """Return what is taken away from everything, under no condition."""
    taken: set[str] = set()
    for statement in policy.statements:
        everywhere = any(is_everything(each.value) for each in statement.resources)
        if statement.effect is Effect.DENY and everywhere and not statement.tests:
            taken.update(*(names for _, names in _allowed(statement)))
    return frozenset(taken)


@functools.lru_cache(maxsize=reference.KEPT)
def _needed(pattern: str) -> frozenset[str]:
    """Return which of the actions that ways need a pattern in lower case means."""
    service = pattern.partition(":")[0]
    if service not in _SERVICES and not reference.is_pattern(service):
        return _NONE
    if not reference.is_pattern(pattern):
        return _NEEDED & {pattern}
    matches = wildcard(pattern)
    return frozenset(name for name in _NEEDED if matches(name))


def _is_open(statement: Statement) -> bool:
    return bool(statement.not_resources) or any(
        names_nothing(resource.value) for resource in statement.resources
    )


def _is_bound(statement: Statement, action: str) -> bool:
    """Say whether a condition keeps the action to what it names."""
    idle = _BINDS_NOTHING | ({_PASSED_TO} if action == _PASS.lower() else set())
    return any(test.key.value.lower() not in idle for test in statement.tests)


def _may_be_passed(statement: Statement, service: str) -> bool:
    tests = [test for test in statement.tests if test.key.value.lower() == _PASSED_TO]
    return all(_admits(test, service) for test in tests)


def _admits(test: Test, service: str) -> bool:
    if test.operator is None or test.operator.negates:
        return True
    return any(wildcard(value.value)(service) for value in test.values)
