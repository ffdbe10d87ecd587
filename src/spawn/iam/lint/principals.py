"""Who is let in: by the policy of a resource, and by the trust policy of a role.

Sources: IAM user guide, "AWS JSON policy elements: Principal" and "The confused deputy problem";
S3 user guide, "The meaning of public".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spawn.iam.arns import parse_arn
from spawn.iam.breadth import names_nothing
from spawn.iam.lint.finding import Spot
from spawn.iam.lint.view import Policy, PolicyKind, Principal, Statement, Test
from spawn.iam.reference import is_pattern

# Whoever calls can't choose these, so that a fixed value of one of them lets in few.
_NARROWING = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid"),
        *("aws:principalorgpaths", "aws:principalservicename", "aws:principalservicenameslist"),
        *("aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid"),
        *("aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce"),
        *("aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:userid", "aws:username"),
        *("aws:ec2instancesourcevpc", "aws:vpcsourceip", "kms:calleraccount", "sts:externalid"),
        *("s3:dataaccesspointaccount", "s3:dataaccesspointarn", "lambda:sourcefunctionarn"),
        "elasticfilesystem:accessedviamounttarget",
    }
)
_SOURCE = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
# Services that tell whom they act for when they assume a role, so that its trust can ask. Others,
# EC2 and Lambda among them, act for the role's own account only.
_DEPUTIES = frozenset(
    {
        *("bedrock", "codebuild", "monitoring.rds", "pipes", "scheduler", "states", "transfer"),
        *("vpc-flow-logs", "imagebuilder", "delivery.logs", "iot", "sms", "cognito-idp"),
    }
)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal|aws)")
# IAM user guide, "IAM identifiers": the unique ids of users, roles and groups.
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA|GPA)[A-Z0-9]{12,}", re.ASCII)
_GITHUB = "token.actions.githubusercontent.com"
_PUBLIC_PROVIDERS = (
    _GITHUB,
    "gitlab.com",
    "app.terraform.io",
    "oidc.circleci.com",
    "accounts.google.com",
)


def principal_spots(policy: Policy, kind: PolicyKind, account: str) -> Iterator[Spot]:
    """Find who is let in and should not be. `account` is the policy's own, "" if not known."""
    if not kind.names_principals:
        return
    own = account or _account_of(policy)
    for statement in policy.statements:
        for principal in (*statement.principals, *statement.not_principals):
            yield from _malformed(statement, principal)
        if statement.allows:
            yield from _let_in(statement, kind, own)


def _account_of(policy: Policy) -> str:
    """Return the account whose resources a policy names, "" where it names none or several."""
    resources = (each.value for statement in policy.statements for each in statement.resources)
    accounts = {part for each in resources if _ACCOUNT.fullmatch(part := _part(each, 4))}
    return accounts.pop() if len(accounts) == 1 else ""


def _part(arn: str, index: int) -> str:
    return "".join(arn.split(":")[index : index + 1])


def _malformed(statement: Statement, principal: Principal) -> Iterator[Spot]:
    who = principal.who.value
    rule, message = "", ""
    if principal.kind == "AWS" and who != "*":
        if _UNIQUE_ID.fullmatch(who):
            rule, message = "deleted-principal", f"{who} is what is left of a principal"
        elif not _is_aws_principal(who):
            rule, message = "bad-principal", f"{who!r} is neither an account nor an ARN of IAM"
        elif "*" in who or "?" in who:
            rule, message = "bad-principal", f"{who!r}: wildcards mean nothing in a Principal"
    elif principal.kind == "Service" and who != "*" and not _SERVICE.fullmatch(who):
        rule, message = "bad-principal", f"{who!r} is not the name of a service"
    if rule:
        yield _spot(rule, statement, principal, message)


def _is_aws_principal(who: str) -> bool:
    if _ACCOUNT.fullmatch(who):
        return True
    try:
        return parse_arn(who).service in {"iam", "sts", "cloudfront"}
    except ValueError:
        return False


def _let_in(statement: Statement, kind: PolicyKind, account: str) -> Iterator[Spot]:
    for principal in statement.not_principals[:1]:
        message = "everybody is let in but those who are named"
        yield _spot("not-principal-with-allow", statement, principal, message)
    for principal in statement.principals:
        if principal.kind == "AWS":
            yield from _aws(statement, principal, account)
        elif principal.kind == "Service":
            yield from _service(statement, principal, kind)
        elif principal.kind == "Federated":
            yield from _federated(statement, principal)


def _aws(statement: Statement, principal: Principal, account: str) -> Iterator[Spot]:
    who = principal.who.value
    if any(_narrows(test) for test in statement.tests):
        return
    if who == "*":
        message = "everybody is let in, from any account"
        yield _spot("public-access", statement, principal, message)
    elif account and (other := _whole_account(who)) and other != account:
        message = f"whoever the account {other} sends is let in"
        yield _spot("cross-account-principal", statement, principal, message)


def _whole_account(who: str) -> str:
    """Return the account where a principal is all of it, else ""."""
    if _ACCOUNT.fullmatch(who):
        return who
    try:
        arn = parse_arn(who)
    except ValueError:
        return ""
    return arn.account if arn.resource == "root" else ""


def _service(statement: Statement, principal: Principal, kind: PolicyKind) -> Iterator[Spot]:
    name = principal.who.value.partition(".amazon")[0]
    is_deputy = kind is PolicyKind.RESOURCE or name in _DEPUTIES
    if is_deputy and not any(test.key.value.lower() in _SOURCE for test in statement.tests):
        message = f"{principal.who.value} may act here for any account"
        yield _spot("confused-deputy", statement, principal, message)


def _federated(statement: Statement, principal: Principal) -> Iterator[Spot]:
    who = principal.who.value
    host = next((host for host in _PUBLIC_PROVIDERS if host in who), "")
    keys = [test.key.value.lower() for test in statement.tests]
    if host and f"{host}:sub" not in keys:
        message = f"whoever {host} signs for is let in"
        remedy = f"add a condition on {host}:sub"
        yield _spot("federated-without-subject", statement, principal, message, remedy=remedy)


def _narrows(test: Test) -> bool:
    """Say whether a test holds for few: a key that callers can't choose, and fixed values."""
    operator = test.operator
    if operator is None or operator.negates or operator.if_exists or not test.values:
        return False
    if operator.quantifier == "ForAllValues" or operator.name == "Null":
        return False
    is_fixed = all(_is_fixed(value.value) for value in test.values)
    return test.key.value.lower() in _NARROWING and is_fixed


def _is_fixed(value: str) -> bool:
    """Say whether a value leaves anybody out: an account or a name, no network of all addresses."""
    if value.endswith("/0"):
        return False
    try:
        arn = parse_arn(value)
    except ValueError:
        return bool(value.strip("*?"))
    has_account = bool(arn.account) and not is_pattern(arn.account)
    return has_account or not names_nothing(value)


def _spot(
    rule: str, statement: Statement, principal: Principal, message: str, *, remedy: str = ""
) -> Spot:
    return Spot(
        rule=rule,
        at=principal.who.start,
        message=message,
        statement=statement.number,
        remedy=remedy,
    )
