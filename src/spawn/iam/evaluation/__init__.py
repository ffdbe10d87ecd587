"""What policies decide, by AWS's documented logic: the one judge of spawn and its embedded cloud.

Policies are compiled once, and asked often. In: policy documents, and a request as data. Out: a
decision that names the statement that made it. Pure: no I/O, no clock, no tables of actions.

    model        the request, the policies that bear on it, the decision
    decision     how the kinds of policies work together
    spoken       what a set of policies says about one action, whatever the resource
    compiled     a policy, ready to be asked
    principals   by which names a policy can mean who asks
    conditions   the operators of Condition
    values       dates, numbers, addresses as conditions compare them
    variables    "${aws:username}" and what takes its place
    wildcards    `*` and `?`, in linear time
    near         which statements would have allowed it, but for what
    reading      a document from outside, or what is wrong with it
"""

from __future__ import annotations

from spawn.iam.documents import PolicyDocument, Statement
from spawn.iam.evaluation.compiled import CompiledPolicy, compile_policy
from spawn.iam.evaluation.decision import decide
from spawn.iam.evaluation.model import Decision, Kind, Outcome, PolicySet, Request
from spawn.iam.evaluation.near import near_misses
from spawn.iam.evaluation.reading import readable_document, readable_policy

__all__ = [
    "CompiledPolicy",
    "Decision",
    "Kind",
    "Outcome",
    "PolicyDocument",
    "PolicySet",
    "Request",
    "Statement",
    "compile_policy",
    "decide",
    "near_misses",
    "readable_document",
    "readable_policy",
]
