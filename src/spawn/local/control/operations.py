"""Which operation of which service a request asks for, and with what parameters.

botocore's service models say so, read by moto's own router and parser: what is authorised here
is then what moto will do, and no request can mean one thing to each.
"""

from __future__ import annotations

import dataclasses
import functools
import io
from typing import Any
from urllib.parse import unquote_to_bytes

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request as MotoRequest
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from spawn.local.control.messages import AwsError, Request

# Signing name -> botocore's service name, where they differ.
# https://docs.aws.amazon.com/general/latest/gr/sigv4-create-canonical-request.html
_SERVICE_OF_SIGNING_NAME = {
    "access-analyzer": "accessanalyzer",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "email": "ses",
    "elasticloadbalancing": "elbv2",
    "elasticfilesystem": "efs",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}

READ_VERBS = (
    *("Describe", "Get", "List", "Head", "Search", "Lookup", "Query", "Scan", "BatchGet"),
    *("Simulate", "Validate"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One call of AWS's API: what, where, with what."""

    service: str  # botocore's name
    operation: str
    protocol: str  # "query", "ec2", "json", "rest-json", "rest-xml"
    region: str
    parameters: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def is_read(self) -> bool:
        """Whether the call only looks; by its verb, as AWS names operations."""
        return self.operation.startswith(READ_VERBS)


def service_of(signing_name: str) -> str:
    """botocore's name of the service that a credential scope names."""
    return _SERVICE_OF_SIGNING_NAME.get(signing_name, signing_name)


@functools.cache
def protocol_of(service: str) -> str | None:
    """The service's first protocol; None for a service that botocore doesn't know."""
    try:
        return str(get_service_model(service).protocol)
    except (UnknownServiceError, DataNotFoundError):
        return None


def operation_of(request: Request, *, signing_name: str, region: str) -> Call:
    """The call that a request makes. Raises AwsError where the service has no such operation."""
    service = service_of(signing_name)
    if protocol_of(service) is None:
        raise AwsError("UnknownService", f"There is no service {signing_name!r} here.", status=404)
    model = get_service_model(service)
    wsgi = MotoRequest(wsgi_environ(request))
    try:
        protocol = determine_request_protocol(model, wsgi.content_type)
        _refuse_ambiguity(wsgi, protocol)
        operation, uri_parameters = get_service_router(service).match(wsgi)
        parameters = _parameters(wsgi, operation, protocol, uri_parameters)
    except (HTTPException, NotImplementedError) as error:
        raise AwsError("InvalidAction", f"{service} has no such operation.", status=400) from error
    except (RequestParserError, ValueError) as error:
        raise AwsError("MalformedInput", f"The request can't be parsed: {error}") from error
    return Call(
        service=service,
        operation=operation.name,
        protocol=protocol,
        region=region,
        parameters={**uri_parameters, **parameters},
    )


def _refuse_ambiguity(wsgi: MotoRequest, protocol: str) -> None:
    """A request that names its operation twice could be authorised as one and done as the other.

    moto takes `Action` before the target header and before the path, from the form before the
    query. No client of AWS's writes such requests. Raises AwsError.
    """
    target = "X-Amz-Target" in wsgi.headers
    in_query = "Action" in wsgi.args
    in_form = "Action" in wsgi.form
    twice = len(wsgi.args.getlist("Action")) + len(wsgi.form.getlist("Action")) > 1
    foreign = {
        "query": target,
        "ec2": target,
        "json": in_query or in_form or bool(wsgi.query_string),
    }.get(protocol, target or in_query or in_form)
    if foreign or twice or (in_form and wsgi.query_string):
        raise AwsError("MalformedQueryString", "The request names its operation more than once.")


def _parameters(
    wsgi: MotoRequest, operation: Any, protocol: str, uri_parameters: dict[str, Any]
) -> dict[str, Any]:
    if operation.name in {"PutObject", "UploadPart"}:
        # Their payload is the object itself: nothing of it is a parameter.
        return {}
    parsed = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": wsgi.method,
            "values": wsgi.values,
            "headers": wsgi.headers,
            "body": wsgi.data,
            "url_path": wsgi.path,
            "url_params": uri_parameters,
        }
    )
    return {key: value for key, value in (parsed or {}).items() if value is not None}


def wsgi_environ(request: Request) -> dict[str, Any]:
    """The request as PEP 3333 has it, raw path and S3 metadata names kept as moto wants them."""
    path = request.path
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _latin1(path),
        "RAW_URI": path + (f"?{request.query}" if request.query else ""),
        "REQUEST_URI": path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "moto.preserved_header_names": {},
    }
    for name, value in request.headers:
        _add_header(environ, name, value)
    return environ


def _latin1(path: str) -> str:
    """PEP 3333: bytes of the decoded path, in the guise of Latin-1."""
    return unquote_to_bytes(path).decode("latin-1")


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    if "_" in name and not name.lower().startswith("x-amz-meta-"):
        return  # X_Foo would pass for X-Foo in WSGI
    key = name.upper().replace("-", "_")
    if key in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
        return
    key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
    if "_" in name:
        environ["moto.preserved_header_names"][key] = name
    environ[key] = f"{environ[key]},{value}" if key in environ else value
