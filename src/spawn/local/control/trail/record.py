"""One recorded call, and the event that it makes.

Sources: CloudTrail user guide, "CloudTrail record contents for management, data, and network
activity events"; EC2's developer guide for "Client." before its error codes.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from datetime import datetime
from typing import Any

from spawn.local.control import account
from spawn.local.control.lookups import AccountLookup
from spawn.local.control.messages import Response
from spawn.local.control.operations import Call
from spawn.local.control.trail import categories
from spawn.local.control.trail.categories import Category
from spawn.local.control.trail.elements import error_of, request_parameters, response_elements
from spawn.local.control.trail.identity import Caller
from spawn.local.control.trail.resources import arns_of, names_of

EVENT_VERSION = "1.11"
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "403"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recorded:
    """A call as it was made and answered. `response` is None where a service called inside."""

    sequence: int  # grows with time: a later event has a higher one
    event_id: str
    moment: datetime
    caller: Caller
    call: Call
    response: Response | None

    @functools.cached_property
    def resources(self) -> list[dict[str, str]]:
        """The ARNs of what it is about."""
        return arns_of(self.call, AccountLookup())

    @property
    def category(self) -> Category:
        """Management or data."""
        return categories.category_of(self.call)

    @property
    def name(self) -> str:
        """The event's name."""
        return categories.name_of(self.call)

    @property
    def source(self) -> str:
        """The service's name as events have it."""
        return categories.source_of(self.call)

    @property
    def region(self) -> str:
        """Where it is found."""
        return categories.region_of(self.call)

    @property
    def is_read_only(self) -> bool:
        """Whether nothing was changed."""
        return categories.is_read_only(self.call)

    @functools.cached_property
    def event(self) -> dict[str, Any]:
        """The event, as log files hold it."""
        is_management = self.category is Category.MANAGEMENT
        return {
            "eventVersion": EVENT_VERSION,
            "userIdentity": self.caller.element,
            "eventTime": self.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": self.source,
            "eventName": self.name,
            "awsRegion": self.region,
            "sourceIPAddress": self.caller.source_ip,
            "userAgent": self.caller.user_agent,
            **self._outcome(),
            "requestID": self._request_id(),
            "eventID": self.event_id,
            "readOnly": self.is_read_only,
            **({"resources": self.resources} if self.resources else {}),
            "eventType": "AwsApiCall",
            "managementEvent": is_management,
            "recipientAccountId": account.ACCOUNT_ID,
            "eventCategory": self.category.value,
        }

    @functools.cached_property
    def text(self) -> str:
        """The event as JSON."""
        return json.dumps(self.event, separators=(",", ":"))

    @functools.cached_property
    def names(self) -> list[tuple[str, str]]:
        """(type, name) of the resources that the history finds it by."""
        return names_of(self.call, self.event)

    def _outcome(self) -> dict[str, Any]:
        asked = {"requestParameters": request_parameters(self.call)}
        response = self.response
        if response is None:
            return {**asked, "responseElements": None}
        if response.status >= 400:
            code, message = error_of(self.call, response)
            error = {"errorCode": _error_code(self.call, code, response.status)}
            if message:
                error["errorMessage"] = message
            return {**error, **asked, "responseElements": None}
        is_told = not self.is_read_only or self.call.name == "sts:AssumeRole"
        is_told = is_told and self.category is Category.MANAGEMENT
        answered = response_elements(self.call, response) if is_told else None
        return {**asked, "responseElements": answered}

    def _request_id(self) -> str:
        wanted = {"x-amzn-requestid", "x-amz-request-id"}
        headers = self.response.headers if self.response is not None else ()
        found = (value for name, value in headers if name.lower() in wanted)
        return next(found, self.event_id)


def _error_code(call: Call, code: str, status: int) -> str:
    if call.protocol == "ec2":
        return f"{'Client' if status < 500 else 'Server'}.{code}"
    return "AccessDenied" if code in _DENIALS else code
