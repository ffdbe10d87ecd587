"""Errors and results in the shape of the service's protocol, as botocore and people read them."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any
from xml.sax.saxutils import escape

from moto.core.responses import ActionContext, ActionResult, BaseResponse
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.ec2.responses._base_response import EC2BaseResponse

from spawn.local.control.messages import AwsError, Response
from spawn.local.control.operations import Call

_XML_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'


def render_error(error: AwsError, *, service: str, protocol: str | None) -> Response:
    """The error as the service would word it on the wire; unknown services get the query form."""
    if protocol == "ec2":
        return _xml(
            error,
            "<Response><Errors><Error>{error}</Error></Errors>"
            "<RequestID>{request_id}</RequestID></Response>",
        )
    if service == "s3":
        return _xml(error, "<Error>{error}<RequestId>{request_id}</RequestId></Error>")
    if protocol in {"json", "rest-json", "smithy-rpc-v2-cbor"}:
        return _json(error)
    return _xml(
        error,
        "<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
        "<RequestId>{request_id}</RequestId></ErrorResponse>",
    )


def _xml(error: AwsError, template: str) -> Response:
    request_id = str(uuid.uuid4())
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    text = _XML_HEADER + template.replace("{error}", inner).replace("{request_id}", request_id)
    headers = (("Content-Type", "text/xml;charset=UTF-8"), ("x-amzn-RequestId", request_id))
    return Response(status=error.status, headers=headers, body=text.encode())


def _json(error: AwsError) -> Response:
    headers = (
        ("Content-Type", "application/x-amz-json-1.1"),
        ("x-amzn-ErrorType", error.code),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    )
    body = json.dumps({"__type": error.code, "message": error.message})
    return Response(status=error.status, headers=headers, body=body.encode())


def render_result(call: Call, result: Any) -> Response:
    """A result (a mapping, or moto's object) in the operation's output shape."""
    model = get_service_model(call.service)
    context = ActionContext(
        model,
        model.operation_model(call.operation),
        get_serializer_class(call.service, call.protocol),
        EC2BaseResponse() if call.service == "ec2" else BaseResponse(),
    )
    status, headers, body = ActionResult(result).execute_result(context)
    headers = {**headers, "x-amzn-RequestId": secrets.token_hex(16)}
    content = body if isinstance(body, bytes) else str(body).encode()
    return Response(
        status=int(status), headers=tuple((k, str(v)) for k, v in headers.items()), body=content
    )
