"""botocore's exceptions turned into spawn's errors, in one place.

Nothing else leaves `aws/`: a test walks every exception class of botocore and fails for one that
lands nowhere.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as botocore_errors
from botocore.parsers import ResponseParserError

from spawn.aws.denials import denials_in, encoded_in, without_encoded
from spawn.core.errors import AccessDenied, AwsRefusal, CredentialsRefused, Throttled, Unreachable

DENIED_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Client.UnauthorizedOperation",
        "UnauthorizedOperation",
    }
)
CREDENTIAL_CODES = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)
# Those on which botocore backs off too (botocore.retries.standard), and no longer could.
THROTTLE_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
# By these botocore's chain gets credentials, on the way to whatever was asked.
_GIVING_CREDENTIALS = frozenset(
    {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetRoleCredentials"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_NO_CREDENTIALS = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.RefreshWithMFAUnsupportedError,
)
_SIGNED_OUT = (
    botocore_errors.SSOError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.NoAuthTokenError,
)
# Without these an answer may have been lost on its way, and the call carried out all the same.
_NO_ANSWER = (
    botocore_errors.HTTPClientError,
    botocore_errors.ConnectionError,
    botocore_errors.IncompleteReadError,
    botocore_errors.ResponseStreamingError,
)
# An incomplete service model is no BotoCoreError.
_NOT_UNDERSTOOD = (
    botocore_errors.BotoCoreError,
    botocore_errors.UndefinedModelAttributeError,
)


@contextmanager
def translated(
    operation: str, *, actions: tuple[str, ...] = (), profile: str | None = None
) -> Iterator[None]:
    """Raise what botocore raises as one of `core.errors`, naming the operation.

    `actions` are the IAM actions that the call needs, for the words of a denial. `profile` is the
    one whose credentials are used, None for none by name.
    """
    try:
        yield
    except botocore_errors.ClientError as error:
        raise refusal_of(error, operation, actions=actions) from error
    except _NO_CREDENTIALS as error:
        raise CredentialsRefused(
            "there are no AWS credentials that can be used",
            why=str(error),
            next_command="aws configure",
            operation=operation,
        ) from error
    except _SIGNED_OUT as error:
        raise CredentialsRefused(
            "the sign-in to AWS has ended, or there was none yet",
            why=str(error),
            next_command=shlex.join(("aws", "sso", "login", *_profile_flag(profile))),
            operation=operation,
        ) from error
    except _NO_ANSWER as error:
        raise Unreachable(
            f"no answer from AWS to {operation}",
            why=str(error),
            next_command="check the network, and AWS_ENDPOINT_URL where it is set",
            operation=operation,
        ) from error
    except ResponseParserError as error:
        # botocore repeats the whole answer: user-data, a console, a proxy's page.
        raise not_understood(operation) from error
    except _NOT_UNDERSTOOD as error:
        raise AwsRefusal(
            f"{operation} could not be asked", why=str(error), operation=operation
        ) from error


def _profile_flag(profile: str | None) -> tuple[str, ...]:
    return () if profile is None else ("--profile", profile)


def not_understood(operation: str) -> AwsRefusal:
    """Return the error for an answer that none of AWS's services would give."""
    return AwsRefusal(
        f"what answered {operation} can't be understood",
        why="it is not an answer as AWS writes it: another server may be in between",
        next_command="check AWS_ENDPOINT_URL and the proxy where they are set",
        operation=operation,
    )


def refusal_of(
    error: botocore_errors.ClientError, operation: str, *, actions: tuple[str, ...] = ()
) -> AwsRefusal:
    """Return AWS's error answer as the branch of the tree that its code belongs to."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", "")) or code
    encoded = encoded_in(message)
    message = without_encoded(message)
    asked = getattr(error, "operation_name", "")  # an event stream's errors have none
    if asked in _GIVING_CREDENTIALS:
        return CredentialsRefused(
            f"there are no AWS credentials: {asked} was refused",
            why=message,
            next_command="aws sts get-caller-identity",
            code=code,
            operation=operation,
        )
    if code in DENIED_CODES:
        denials = denials_in(message)
        needed = f"; it needs {', '.join(actions)}" if actions and not denials else ""
        return AccessDenied(
            f"AWS denied {operation}",
            why=f"{message}{needed}",
            code=code,
            operation=operation,
            denials=denials,
            encoded=encoded,
        )
    if code in CREDENTIAL_CODES:
        what = "have expired" if code in _EXPIRED else "are not accepted"
        return CredentialsRefused(
            f"the AWS credentials {what}",
            why=message,
            next_command="aws sts get-caller-identity",
            code=code,
            operation=operation,
        )
    if code in THROTTLE_CODES:
        return Throttled(
            f"AWS asks for fewer calls of {operation}", why=message, code=code, operation=operation
        )
    return AwsRefusal(f"AWS refused {operation}", why=message, code=code, operation=operation)
