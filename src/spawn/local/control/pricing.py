"""The Price List Query API: products by filters, a page at a time.

Source: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.products import Product, products

# Billing user guide, "AWS Price List Query API endpoints" of the commercial partition.
ENDPOINT_REGIONS = frozenset({"us-east-1", "eu-central-1", "ap-south-1"})
SERVICES = ("AmazonEC2", "AmazonVPC")
FORMAT_VERSION = "aws_v1"
PAGE = 100  # the most there is, and what there is without MaxResults


def get_products(duty: Duty) -> dict[str, Any]:
    """One page of the products that all filters let through. Raises AwsError."""
    check_endpoint(duty)
    parameters = duty.call.parameters
    service = parameters.get("ServiceCode")
    if service not in SERVICES:
        raise AwsError("NotFoundException", f"The service code {service} was not found.")
    if parameters.get("FormatVersion") not in {None, FORMAT_VERSION}:
        raise AwsError("InvalidParameterException", "The only format version is aws_v1.")
    found = matching(products(service), parameters.get("Filters") or [])
    size = int(parameters.get("MaxResults") or PAGE)
    if not 1 <= size <= PAGE:
        raise AwsError("InvalidParameterException", f"MaxResults must be from 1 to {PAGE}.")
    start = _start(parameters.get("NextToken"))
    answer: dict[str, Any] = {
        "FormatVersion": FORMAT_VERSION,
        "PriceList": [product.document() for product in found[start : start + size]],
    }
    if start + size < len(found):
        answer["NextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer


def check_endpoint(duty: Duty) -> None:
    """Three regions have an endpoint; elsewhere the name does not even resolve. Raises AwsError."""
    if duty.call.region not in ENDPOINT_REGIONS:
        raise AwsError(
            "UnknownService",
            f"The Price List Query API has no endpoint in {duty.call.region}: it has them in "
            f"{', '.join(sorted(ENDPOINT_REGIONS))}.",
            status=404,
        )


def matching(found: Sequence[Product], filters: Sequence[dict[str, Any]]) -> list[Product]:
    """The products that all filters let through. Raises AwsError."""
    for condition in filters:
        kind = str(condition.get("Type"))
        if kind not in _COMPARISONS:
            raise AwsError("InvalidParameterException", f"{kind} is no type of filter.")
        field, wanted = str(condition.get("Field")), str(condition.get("Value"))
        found = [p for p in found if _passes(kind, p.value(field), wanted)]
    return list(found)


def _passes(kind: str, value: str | None, wanted: str) -> bool:
    return value is not None and _COMPARISONS[kind](value, wanted)


def _listed(value: str, wanted: str) -> bool:
    return value in {one.strip() for one in wanted.split(",")}


# API reference, Filter. It does not say whether TERM_MATCH minds case: here it does, so that what
# is found here is found on AWS either way.
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda value, wanted: value == wanted,
    "EQUALS": lambda value, wanted: value == wanted,
    "CONTAINS": lambda value, wanted: wanted in value,
    "ANY_OF": _listed,
    "NONE_OF": lambda value, wanted: not _listed(value, wanted),
}


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode("ascii"))
    except (binascii.Error, ValueError) as error:
        raise AwsError("InvalidNextTokenException", "The pagination token is invalid.") from error
