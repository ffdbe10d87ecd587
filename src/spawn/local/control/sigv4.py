"""Signature Version 4, the verifying side, pure.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html

1. Read key, scope, signed headers and signature from the header or the presigned query.
2. Rebuild the canonical request from what was really sent.
3. Derive the key, sign, compare in constant time.
The caller looks the secret up in between, and says what time it is.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from spawn.local.control.messages import Request

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)  # AWS refuses requests further from its own clock
MAX_PRESIGNED_SECONDS = 7 * 24 * 3600  # X-Amz-Expires, S3's limit
_UNRESERVED = "-_.~"  # RFC 3986 2.3, with letters and digits


class Unsigned(Exception):
    """The request carries no credentials at all."""


class Malformed(Exception):
    """The authorisation of the request can't be read; the text says what is missing."""


class Expired(Exception):
    """The request was signed too long ago, or too far in the future."""


class WrongSignature(Exception):
    """The signature is not that of the request's bytes with the key's secret."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Signature:
    """What a request claims about who signed it, nothing of it proven yet."""

    access_key_id: str
    date: str  # yyyymmdd
    region: str
    service: str  # the signing name
    signed_at: datetime
    signed_headers: tuple[str, ...]
    signature: str
    token: str | None
    expires_seconds: int | None  # presigned requests only
    payload_hash: str


def read_signature(request: Request) -> Signature:
    """Step 1. Raises Unsigned or Malformed."""
    authorization = request.header("authorization")
    if authorization is not None:
        return _from_header(request, authorization)
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    if "X-Amz-Signature" in parameters:
        return _from_query(request, parameters)
    if "AWSAccessKeyId" in parameters:
        raise Malformed("Signature Version 2 is not accepted: use AWS4-HMAC-SHA256.")
    raise Unsigned


def _from_header(request: Request, authorization: str) -> Signature:
    algorithm, _, rest = authorization.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise Malformed(f"Unsupported authorization type: {algorithm[:40]}")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    return _signature(
        request,
        credential=fields.get("Credential", ""),
        signed_headers=fields.get("SignedHeaders", ""),
        signature=fields.get("Signature", ""),
        signed_at=request.header("x-amz-date") or "",
        token=request.header("x-amz-security-token"),
        expires=None,
    )


def _from_query(request: Request, parameters: dict[str, str]) -> Signature:
    if parameters.get("X-Amz-Algorithm") != ALGORITHM:
        raise Malformed("X-Amz-Algorithm only supports AWS4-HMAC-SHA256")
    return _signature(
        request,
        credential=parameters.get("X-Amz-Credential", ""),
        signed_headers=parameters.get("X-Amz-SignedHeaders", ""),
        signature=parameters["X-Amz-Signature"],
        signed_at=parameters.get("X-Amz-Date", ""),
        token=parameters.get("X-Amz-Security-Token"),
        expires=parameters.get("X-Amz-Expires", ""),
    )


def _signature(
    request: Request,
    *,
    credential: str,
    signed_headers: str,
    signature: str,
    signed_at: str,
    token: str | None,
    expires: str | None,
) -> Signature:
    scope = credential.rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise Malformed("Credential should be scoped: key/yyyymmdd/region/service/aws4_request.")
    key, date, region, service, _ = scope
    try:
        moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed("X-Amz-Date must be in the ISO8601 Basic format.") from error
    if not moment.strftime("%Y%m%d") == date:
        raise Malformed("Credential's date is not that of X-Amz-Date.")
    names = tuple(signed_headers.split(";"))
    if "host" not in names:
        raise Malformed("'host' must be one of the signed headers.")
    return Signature(
        access_key_id=key,
        date=date,
        region=region,
        service=service,
        signed_at=moment,
        signed_headers=names,
        signature=signature,
        token=token,
        expires_seconds=None if expires is None else _seconds(expires),
        payload_hash=_payload_hash(request, service, presigned=expires is not None),
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_PRESIGNED_SECONDS):
        raise Malformed("X-Amz-Expires should be a number of seconds, at most a week.")
    return int(text)


def _payload_hash(request: Request, service: str, *, presigned: bool) -> str:
    """The last line of the canonical request.

    Only S3 lets the caller declare it instead of hashing the body (UNSIGNED-PAYLOAD and the
    streaming forms); a declared plain hash has to be that of the body.
    """
    actual = hashlib.sha256(request.body).hexdigest()
    declared = request.header("x-amz-content-sha256")
    if service not in {"s3", "s3-outposts", "s3-object-lambda"}:
        return actual
    if declared is None:
        return "UNSIGNED-PAYLOAD" if presigned else actual
    if declared == "UNSIGNED-PAYLOAD" or declared.startswith("STREAMING-"):
        return declared
    if declared != actual:
        raise WrongSignature
    return declared


def verify(request: Request, signature: Signature, secret: str, *, now: datetime) -> None:
    """Steps 2 and 3. Raises Expired or WrongSignature."""
    _check_time(signature, now)
    canonical = canonical_request(request, signature)
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    to_sign = "\n".join(
        (
            ALGORITHM,
            signature.signed_at.strftime("%Y%m%dT%H%M%SZ"),
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signature.signature.encode()):
        raise WrongSignature


def _check_time(signature: Signature, now: datetime) -> None:
    age = now - signature.signed_at
    allowed = (
        MAX_SKEW
        if signature.expires_seconds is None
        else timedelta(seconds=signature.expires_seconds)
    )
    if age > allowed or age < -MAX_SKEW:
        raise Expired


def canonical_request(request: Request, signature: Signature) -> str:
    """The text whose hash is signed."""
    headers = "".join(
        f"{name}:{' '.join((request.header(name) or '').split())}\n"
        for name in signature.signed_headers
    )
    return "\n".join(
        (
            request.method,
            _canonical_path(request.path, signature.service),
            _canonical_query(request.query),
            headers,
            ";".join(signature.signed_headers),
            signature.payload_hash,
        )
    )


def _canonical_path(path: str, service: str) -> str:
    """S3 signs the path as sent; every other service normalises and encodes it once more."""
    if service.startswith("s3"):
        return quote(unquote_to_bytes(path), safe="/" + _UNRESERVED)
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in {"", "."}:
            segments.append(segment)
    trailing = "/" if segments and path.endswith("/") else ""
    return quote("/" + "/".join(segments) + trailing, safe="/" + _UNRESERVED)


def _canonical_query(query: str) -> str:
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    """Percent-encoding as SigV4 wants it, whatever the client's own was."""
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)
