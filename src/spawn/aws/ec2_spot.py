"""EC2 Spot: what spare capacity cost of late."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from spawn.aws.operation import Answer, read
from spawn.aws.shapes import Shape, many

DESCRIBE_SPOT_PRICE_HISTORY = read("ec2", "DescribeSpotPriceHistory")

OPERATIONS = (DESCRIBE_SPOT_PRICE_HISTORY,)


class SpotPrice(Shape, frozen=True, kw_only=True):
    """A price in US dollars an hour, in effect in one zone since `timestamp`."""

    availability_zone: str
    instance_type: str
    product_description: str
    spot_price: Decimal
    timestamp: datetime


def spot_prices(answer: Answer) -> tuple[SpotPrice, ...]:
    """Understand DescribeSpotPriceHistory. Raises what `many` raises."""
    return many(answer, "SpotPriceHistory", SpotPrice)
