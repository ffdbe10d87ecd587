"""Proves who signed a request, and words the refusal as the service asked would.

Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and the common
errors of EC2, S3 and the JSON services, which each have names of their own for the same things.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime

from spawn.local.control import sigv4
from spawn.local.control.messages import AwsError, Request
from spawn.local.control.operations import protocol_of, service_of
from spawn.local.control.principals import Principal
from spawn.local.control.sigv4 import Signature

FindPrincipal = Callable[[str], Principal | None]


class Fault(enum.Enum):
    """What can be wrong with a request's credentials."""

    UNSIGNED = enum.auto()
    MALFORMED = enum.auto()
    UNKNOWN_KEY = enum.auto()
    WRONG_SIGNATURE = enum.auto()
    WRONG_TOKEN = enum.auto()
    EXPIRED_SESSION = enum.auto()
    EXPIRED_REQUEST = enum.auto()


_MESSAGES = {
    Fault.UNSIGNED: "Request is missing Authentication Token",
    Fault.MALFORMED: "The authorization header or query can't be read.",
    Fault.UNKNOWN_KEY: "The security token included in the request is invalid.",
    Fault.WRONG_SIGNATURE: (
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."
    ),
    Fault.WRONG_TOKEN: "The security token included in the request is invalid.",
    Fault.EXPIRED_SESSION: "The security token included in the request is expired",
    Fault.EXPIRED_REQUEST: "Signature expired: the request's time is too far from the service's.",
}
_EC2_MESSAGE = "AWS was not able to validate the provided access credentials"
_S3_UNKNOWN_KEY = "The AWS Access Key Id you provided does not exist in our records."

_QUERY = {
    Fault.UNSIGNED: ("MissingAuthenticationToken", 403),
    Fault.MALFORMED: ("IncompleteSignature", 400),
    Fault.UNKNOWN_KEY: ("InvalidClientTokenId", 403),
    Fault.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
    Fault.WRONG_TOKEN: ("InvalidClientTokenId", 403),
    Fault.EXPIRED_SESSION: ("ExpiredToken", 403),
    Fault.EXPIRED_REQUEST: ("SignatureDoesNotMatch", 403),
}
_EC2 = {
    Fault.UNSIGNED: ("MissingAuthenticationToken", 403),
    Fault.MALFORMED: ("AuthFailure", 401),
    Fault.UNKNOWN_KEY: ("AuthFailure", 401),
    Fault.WRONG_SIGNATURE: ("AuthFailure", 401),
    Fault.WRONG_TOKEN: ("AuthFailure", 401),
    Fault.EXPIRED_SESSION: ("RequestExpired", 400),
    Fault.EXPIRED_REQUEST: ("RequestExpired", 400),
}
_S3 = {
    Fault.UNSIGNED: ("AccessDenied", 403),
    Fault.MALFORMED: ("AuthorizationHeaderMalformed", 400),
    Fault.UNKNOWN_KEY: ("InvalidAccessKeyId", 403),
    Fault.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
    Fault.WRONG_TOKEN: ("InvalidToken", 400),
    Fault.EXPIRED_SESSION: ("ExpiredToken", 400),
    Fault.EXPIRED_REQUEST: ("RequestTimeTooSkewed", 403),
}
_JSON = {
    Fault.UNSIGNED: "MissingAuthenticationTokenException",
    Fault.MALFORMED: "IncompleteSignatureException",
    Fault.UNKNOWN_KEY: "UnrecognizedClientException",
    Fault.WRONG_SIGNATURE: "InvalidSignatureException",
    Fault.WRONG_TOKEN: "UnrecognizedClientException",
    Fault.EXPIRED_SESSION: "ExpiredTokenException",
    Fault.EXPIRED_REQUEST: "InvalidSignatureException",
}


def authentication_error(fault: Fault, *, service: str, protocol: str | None) -> AwsError:
    """The refusal in the service's own words."""
    message = _MESSAGES[fault]
    if service == "s3":
        code, status = _S3[fault]
        return AwsError(
            code, _S3_UNKNOWN_KEY if fault is Fault.UNKNOWN_KEY else message, status=status
        )
    if protocol == "ec2":
        code, status = _EC2[fault]
        return AwsError(code, _EC2_MESSAGE if code == "AuthFailure" else message, status=status)
    if protocol in {"json", "rest-json"}:
        return AwsError(_JSON[fault], message, status=400 if protocol == "json" else 403)
    code, status = _QUERY[fault]
    return AwsError(code, message, status=status)


def authenticate(
    request: Request, find_principal: FindPrincipal, now: datetime
) -> tuple[Signature, Principal]:
    """Who signed the request. Raises AwsError."""
    try:
        signature = sigv4.read_signature(request)
    except sigv4.Unsigned as error:
        service, protocol = guess_service(request)
        raise authentication_error(Fault.UNSIGNED, service=service, protocol=protocol) from error
    except (sigv4.Malformed, sigv4.WrongSignature) as error:
        service, protocol = guess_service(request)
        fault = Fault.MALFORMED if isinstance(error, sigv4.Malformed) else Fault.WRONG_SIGNATURE
        raise authentication_error(fault, service=service, protocol=protocol) from error
    principal = find_principal(signature.access_key_id)
    fault_found = _fault(request, signature, principal, now)
    if fault_found is not None or principal is None:
        service = service_of(signature.service)
        raise authentication_error(
            fault_found or Fault.UNKNOWN_KEY, service=service, protocol=protocol_of(service)
        )
    return signature, principal


def _fault(
    request: Request, signature: Signature, principal: Principal | None, now: datetime
) -> Fault | None:
    """What is wrong, in AWS's order: key, time, signature, session."""
    if principal is None:
        return Fault.UNKNOWN_KEY
    credentials = principal.credentials
    try:
        sigv4.verify(request, signature, credentials.secret, now=now)
    except sigv4.Expired:
        return Fault.EXPIRED_REQUEST
    except sigv4.WrongSignature:
        return Fault.WRONG_SIGNATURE
    if not credentials.accepts_token(signature.token):
        return Fault.WRONG_TOKEN
    if credentials.expiration is not None and credentials.expiration <= now:
        return Fault.EXPIRED_SESSION
    return None


def guess_service(request: Request) -> tuple[str, str | None]:
    """Service and protocol of a request that has no credential scope to say it."""
    if request.header("x-amz-target"):
        return "", "json"
    if (request.header("content-type") or "").startswith("application/x-www-form-urlencoded"):
        is_ec2 = b"Version=2016-11-15" in request.body  # EC2's API version
        return ("ec2", "ec2") if is_ec2 else ("", "query")
    if (request.header("content-type") or "").startswith("application/json"):
        return "", "rest-json"
    return "s3", "rest-xml"
