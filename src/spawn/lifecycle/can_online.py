"""`spawn policy can --online`: what IAM's simulator says of the same question. Pure.

The simulator is asked with the keys that spawn judges with, those that it fills in included.
"""

from __future__ import annotations

from typing import Final

import msgspec

from spawn.aws.iam_simulation import (
    ContextEntry,
    MatchedStatement,
    Simulated,
    SimulatedCall,
    custom_simulation_question,
    simulation_question,
)
from spawn.aws.questions import Question
from spawn.core.errors import AwsRefusal, InputError
from spawn.iam.arns import parse_arn
from spawn.iam.lint.keys import find_key, has_many, type_of
from spawn.lifecycle.can import UNKNOWN, Context, Online, OnlineVerdict, Verdict, Wish
from spawn.lifecycle.policies_of import Holder

# IAM API Reference, ContextEntry: the types of condition keys in the simulator's words.
_TYPES: Final = {
    "Bool": "boolean",
    "Numeric": "numeric",
    "Date": "date",
    "IPAddress": "ip",
    "Binary": "binary",
}
_PRINCIPAL: Final = "aws:PrincipalArn"


def with_caller(holder: Holder, wish: Wish) -> Holder:
    """Return the holder as the simulator can be asked about it, whom a file speaks for included.

    A file asks in the name of `aws:PrincipalArn`, which a resource's policy needs. Raises
    InputError for what can't be simulated (IAM API Reference, SimulatePrincipalPolicy: a resource's
    policy for a role, service control and session policies of one's own) and for who is no user.
    """
    if wish.scps or wish.session is not None:
        raise InputError(
            "IAM's simulator takes no service control policy, and none of a session",
            why="of a role or a user it looks at those that the organisation has",
        )
    if wish.resource_policy is None:
        return holder
    if holder.role_arn is not None:
        raise InputError(
            "IAM's simulator takes no resource's policy for a role",
            why="it does for a user, or for a policy in a file",
        )
    if holder.principal:
        return holder
    named = {key.lower(): values for key, values in wish.context.items()}.get(_PRINCIPAL.lower())
    if named is None or len(named) != 1 or not _is_user(named[0]):
        raise InputError(
            "with --online, the resource's policy needs a user who asks",
            why=f"--context {_PRINCIPAL}=arn:aws:iam::111122223333:user/ana",
        )
    return msgspec.structs.replace(holder, principal=named[0])


def _is_user(text: str) -> bool:
    try:
        arn = parse_arn(text)
    except ValueError:
        return False
    return arn.service == "iam" and arn.resource.startswith("user/")


def online_question(
    holder: Holder, wish: Wish, context: Context, *, region: str
) -> Question[tuple[Simulated, ...]]:
    """Ask the simulator what was judged; a holder without ARN has its policies in files."""
    of_resource = "" if wish.resource_policy is None else wish.resource_policy.text
    call = SimulatedCall(
        actions=(wish.action,),
        resource=wish.resource,
        context=tuple(_entry(key, values, wish.action) for key, values in context.items()),
        resource_policy=of_resource,
        caller_arn=holder.principal if holder.is_file else "",
        boundary="" if wish.boundary is None else wish.boundary.text,
    )
    if holder.is_file:
        texts = (policy.text for policy in holder.policies)
        return custom_simulation_question(texts, call, region=region)
    return simulation_question(holder.role_arn or holder.principal, call, region=region)


def _entry(key: str, values: tuple[str, ...], action: str) -> ContextEntry:
    """Type a key as IAM's tables do; one that they don't know is a text."""
    known = find_key(key, (action.partition(":")[0].lower(),))
    kind = "string" if known is None else _TYPES.get(type_of(known), "string")
    is_list = len(values) > 1 or (known is not None and has_many(known))
    return ContextEntry(key=key, values=values, type=f"{kind}List" if is_list else kind)


def compare(verdict: Verdict, answers: tuple[Simulated, ...]) -> OnlineVerdict:
    """Put AWS's answer before spawn's. Raises AwsRefusal for an answer about something else."""
    if len(answers) != 1:
        raise AwsRefusal(
            "IAM's simulator did not answer the question",
            why=f"it gave {len(answers)} results for one action on one resource",
        )
    [answer] = answers
    online = Online(
        decision=answer.eval_decision,
        matched=tuple(map(_in_words, answer.matched_statements)),
        missing=answer.missing_context_values,
        why=_why(answer),
    )
    differs = verdict.decision not in (UNKNOWN, online.decision)
    own = {name: getattr(verdict, name) for name in verdict.__struct_fields__}
    return OnlineVerdict(
        **{**own, "decision": online.decision},
        online=online,
        own=verdict.decision,
        differs=differs,
        difference=(
            f"AWS: {online.decision}, {online.why}; spawn: {verdict.decision}, {verdict.why}"
            if differs
            else ""
        ),
    )


def _in_words(statement: MatchedStatement) -> str:
    named = f"{statement.source_policy_id} ({statement.source_policy_type or 'policy'})"
    start = statement.start_position
    return f"{named}, line {start.line} column {start.column}" if start.line else named


def _why(answer: Simulated) -> str:
    reasons = []
    if not answer.organizations_decision_detail.allowed_by_organizations:
        reasons.append("the organisation's policies don't allow it")
    if not answer.permissions_boundary_decision_detail.allowed_by_permissions_boundary:
        reasons.append("the permissions boundary doesn't allow it")
    if answer.matched_statements:
        reasons.append(f"by {' and '.join(map(_in_words, answer.matched_statements))}")
    missing = ", ".join(answer.missing_context_values)
    if missing:
        reasons.append(f"without the keys {missing}")
    return ", ".join(reasons) or "no statement matches"
