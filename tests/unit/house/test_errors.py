"""One tree of errors, and everything that botocore raises has its place in it."""

import importlib
import inspect
from collections.abc import Iterator

import botocore.exceptions
import botocore.parsers
import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from spawn.aws.refusals import (
    CREDENTIAL_CODES,
    DENIED_CODES,
    THROTTLE_CODES,
    refusal_of,
    translated,
)
from spawn.core.errors import (
    AccessDenied,
    AwsRefusal,
    CredentialsRefused,
    SpawnError,
    Throttled,
    Unreachable,
)
from tests.tools.source import modules

# What the embedded cloud's servers raise inside themselves ends as an HTTP answer, and never
# reaches a person: AWS's errors are all they have to say.
ANSWERED_BY_A_SERVER = "spawn.local."
# A running program can't import it: importing is running.
RUNS_WHEN_IMPORTED = ".__main__"


def exception_classes(name: str) -> Iterator[type[BaseException]]:
    """Yield the exception classes that a module defines, warnings apart."""
    for _, member in inspect.getmembers(importlib.import_module(name), inspect.isclass):
        if member.__module__ != name or issubclass(member, Warning):
            continue
        if issubclass(member, BaseException):
            yield member


BOTOCORE = [
    each for name in ("botocore.exceptions", "botocore.parsers") for each in exception_classes(name)
]
SPAWN = [
    each.name
    for each in modules("spawn")
    if not f"{each.name}.".startswith(ANSWERED_BY_A_SERVER)
    and not each.name.endswith(RUNS_WHEN_IMPORTED)
]


def instance(kind: type[BaseException]) -> BaseException:
    """Make an exception without its constructor: each of them wants arguments of its own."""
    error = kind.__new__(kind)
    Exception.__init__(error, "as raised")
    if isinstance(error, botocore.exceptions.ClientError):
        error.response = {"Error": {"Code": "SomeCode", "Message": "as answered"}}
    return error


def translation(error: BaseException) -> AwsRefusal:
    """Return what `error` becomes on its way out of the room that calls AWS."""
    with pytest.raises(AwsRefusal) as raised, translated("ec2:DescribeVpcs"):
        raise error
    return raised.value


@pytest.mark.parametrize("name", SPAWN)
def test_every_error_is_of_the_tree(name: str) -> None:
    """Whatever spawn raises itself can be caught as SpawnError and has an exit code."""
    strangers = {each for each in exception_classes(name) if not issubclass(each, SpawnError)}
    assert not strangers


@pytest.mark.parametrize("kind", BOTOCORE, ids=lambda kind: kind.__name__)
def test_no_error_of_botocore_gets_through(kind: type[BaseException]) -> None:
    """Each of botocore's errors becomes a refusal that names the operation and keeps its cause."""
    error = instance(kind)
    refusal = translation(error)
    assert refusal.operation == "ec2:DescribeVpcs"
    assert refusal.__cause__ is error
    assert refusal.why


@pytest.mark.parametrize(
    ("kind", "branch"),
    [
        (botocore.exceptions.NoCredentialsError, CredentialsRefused),
        (botocore.exceptions.UnauthorizedSSOTokenError, CredentialsRefused),
        (botocore.exceptions.EndpointConnectionError, Unreachable),
        (botocore.exceptions.ConnectTimeoutError, Unreachable),
        (botocore.exceptions.ReadTimeoutError, Unreachable),
        (botocore.exceptions.SSLError, Unreachable),
        (botocore.exceptions.ConnectionClosedError, Unreachable),
        (botocore.exceptions.ParamValidationError, AwsRefusal),
    ],
)
def test_families_land_in_their_branch(kind: type[BaseException], branch: type[AwsRefusal]) -> None:
    """No credentials, no answer and an impossible request are three different things."""
    assert type(translation(instance(kind))) is branch


@pytest.mark.parametrize(
    ("codes", "branch"),
    [
        (DENIED_CODES, AccessDenied),
        (CREDENTIAL_CODES, CredentialsRefused),
        (THROTTLE_CODES, Throttled),
        ({"InvalidSubnetID.NotFound"}, AwsRefusal),
    ],
)
def test_codes_land_in_their_branch(codes: frozenset[str], branch: type[AwsRefusal]) -> None:
    """An answer's code decides its branch, and the refusal carries code and message."""
    for code in codes:
        answer = {"Error": {"Code": code, "Message": "in AWS's words"}}
        refusal = refusal_of(botocore.exceptions.ClientError(answer, "Op"), "ec2:Op")
        assert (type(refusal), refusal.code, refusal.operation) == (branch, code, "ec2:Op")
        assert refusal.why == "in AWS's words"


def test_what_botocore_takes_for_throttling_is_throttling() -> None:
    """The codes on which botocore backs off are the ones that spawn reports as throttling."""
    assert set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) <= THROTTLE_CODES
