"""The AWS Price List Query API: what things cost, by the catalogue.

A product comes as a JSON text of its own inside the answer, with its attributes and its terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from spawn.aws.operation import Answer, read
from spawn.aws.refusals import not_understood

GET_PRODUCTS = read("pricing", "GetProducts")

OPERATIONS = (GET_PRODUCTS,)

# Price List API, "Service endpoints": the list of all commercial regions is answered in a few of
# them. China's has its own, in its own currency; GovCloud has none, and its credentials are not
# known elsewhere.
ENDPOINT_REGIONS: Mapping[str, str] = MappingProxyType({"aws": "us-east-1"})


class _Dimension(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    unit: str
    begin_range: str
    end_range: str
    price_per_unit: dict[str, Decimal]


class _Term(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    price_dimensions: dict[str, _Dimension]


class _Terms(msgspec.Struct, frozen=True, kw_only=True):
    on_demand: dict[str, _Term] = msgspec.field(name="OnDemand", default_factory=dict)


class _Described(msgspec.Struct, frozen=True, kw_only=True):
    attributes: dict[str, str]


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    product: _Described
    terms: _Terms = _Terms()


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the list.

    usd   its one price on demand in US dollars for one `unit`, any number at all; None where it has
          none, or several that depend on how much is used
    unit  in AWS's own spelling, "Hrs" or "GB-Mo"; empty where there is no price
    """

    attributes: dict[str, str]
    usd: Decimal | None
    unit: str

    def has(self, attributes: Mapping[str, str]) -> bool:
        """Whether the product has all of these attributes."""
        return attributes.items() <= self.attributes.items()


def products(answer: Answer) -> tuple[Product, ...]:
    """Understand GetProducts. Raises AwsRefusal for what is not of AWS's shape."""
    # botocore takes text that is no JSON for an answer without members.
    if answer.get("FormatVersion") is None:
        raise not_understood(GET_PRODUCTS.key)
    try:
        listed = [msgspec.json.decode(text, type=_Listed) for text in answer.get("PriceList") or ()]
    except (msgspec.MsgspecError, TypeError) as error:
        raise not_understood(GET_PRODUCTS.key) from error
    return tuple(_product(one) for one in listed)


def _product(listed: _Listed) -> Product:
    dimensions = [
        dimension
        for term in listed.terms.on_demand.values()
        for dimension in term.price_dimensions.values()
    ]
    usd, unit = (None, "")
    if len(dimensions) == 1:
        (only,) = dimensions
        usd, unit = _price_of_any_amount(only), only.unit
    return Product(attributes=listed.product.attributes, usd=usd, unit=unit)


def _price_of_any_amount(dimension: _Dimension) -> Decimal | None:
    is_whole = (dimension.begin_range, dimension.end_range) == ("0", "Inf")
    return dimension.price_per_unit.get("USD") if is_whole else None
