"""Policy documents from outside: IAM's grammar, but for the policy that says nothing.

A document that IAM would refuse raises ValueError, which says where it is wrong: to judge by half
of it would be to guess. A policy without statements is one, and allows nothing.
"""

from __future__ import annotations

from spawn.iam.documents import PolicyDocument
from spawn.iam.evaluation.compiled import CompiledPolicy, compile_policy
from spawn.iam.parsing import document_of


def readable_document(value: object) -> PolicyDocument:
    """Read a document from its JSON text or from JSON's values. Raises ValueError."""
    if isinstance(value, bytes):
        value = value.decode("utf-8-sig")
    try:
        return document_of(value, may_be_empty=True)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def readable_policy(value: object, *, name: str) -> CompiledPolicy:
    """Read and compile a policy in one go. Raises ValueError."""
    return compile_policy(readable_document(value), name=name)
