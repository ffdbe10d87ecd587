"""The price list answers as AWS's does, through botocore and the locked `aws` program."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import Account


def _filters(**terms: str) -> list[dict[str, str]]:
    return [{"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in terms.items()]


def _only_price(document: str) -> tuple[str, str]:
    """The unit and the price in USD of a product with one on-demand rate."""
    [offer] = json.loads(document)["terms"]["OnDemand"].values()
    [rate] = offer["priceDimensions"].values()
    return rate["unit"], rate["pricePerUnit"]["USD"]


@pytest.mark.parametrize("endpoint", ["us-east-1", "eu-central-1", "ap-south-1"])
def test_each_endpoint_has_all_regions(account: Account, endpoint: str) -> None:
    """The product's region is an attribute, whichever endpoint is asked."""
    answer = account.client("pricing", region=endpoint).get_products(
        ServiceCode="AmazonEC2",
        Filters=_filters(volumeApiName="gp3", regionCode="us-west-2", productFamily="Storage"),
    )
    [document] = answer["PriceList"]
    assert answer["FormatVersion"] == "aws_v1"
    assert _only_price(document) == ("GB-Mo", "0.0800000000")
    assert json.loads(document)["product"]["attributes"]["usagetype"] == (
        "USW2-EBS:VolumeUsage.gp3"
    )


def test_elsewhere_there_is_no_endpoint(account: Account) -> None:
    """A region without the endpoint answers nothing that could pass for prices."""
    client = account.client("pricing", region="eu-west-1")
    with pytest.raises(ClientError, match="no endpoint in eu-west-1"):
        client.get_products(ServiceCode="AmazonEC2")


def test_what_a_disk_costs_beside_its_size(account: Account) -> None:
    """IOPS and throughput of gp3 are products of their own, with their own units."""
    found = account.client("pricing").get_products(
        ServiceCode="AmazonEC2", Filters=_filters(volumeApiName="gp3", regionCode="us-east-1")
    )["PriceList"]
    families = {json.loads(d)["product"]["productFamily"]: _only_price(d) for d in found}
    assert families == {
        "Storage": ("GB-Mo", "0.0800000000"),
        "System Operation": ("IOPS-Mo", "0.0050000000"),
        "Provisioned Throughput": ("GiBps-mo", "40.9600000000"),
    }


def test_a_public_address_has_a_price(account: Account) -> None:
    """It is AmazonVPC's, without a product family; in use and idle are told apart by usage."""
    found = account.client("pricing").get_products(
        ServiceCode="AmazonVPC",
        Filters=_filters(group="VPCPublicIPv4Address", regionCode="eu-central-1"),
    )["PriceList"]
    products = [json.loads(document)["product"] for document in found]
    assert {p["attributes"]["usagetype"] for p in products} == {
        "EUC1-PublicIPv4:InUseAddress",
        "EUC1-PublicIPv4:IdleAddress",
    }
    assert all("productFamily" not in product for product in products)
    assert {_only_price(document) for document in found} == {("Hrs", "0.0050000000")}


def test_pages_add_up(account: Account) -> None:
    """All products of a type, each once, whatever the page's size."""
    client = account.client("pricing")
    asked: dict[str, Any] = {
        "ServiceCode": "AmazonEC2",
        "Filters": _filters(instanceType="m5.large"),
    }
    pages = client.get_paginator("get_products").paginate(**asked, PaginationConfig={"PageSize": 7})
    small = [document for page in pages for document in page["PriceList"]]
    assert small == client.get_products(**asked)["PriceList"]
    assert len(set(small)) == len(small) > 14


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"ServiceCode": "AmazonNothing"}, "NotFoundException"),
        ({"ServiceCode": "AmazonEC2", "FormatVersion": "aws_v2"}, "InvalidParameterException"),
        ({"ServiceCode": "AmazonEC2", "NextToken": "?"}, "InvalidNextTokenException"),
    ],
)
def test_a_question_that_can_t_be(account: Account, parameters: dict[str, Any], code: str) -> None:
    """Each mistake has the price list's own code."""
    with pytest.raises(ClientError) as refused:
        account.client("pricing").get_products(**parameters)
    assert refused.value.response["Error"]["Code"] == code


def test_nothing_found_is_an_empty_list(account: Account) -> None:
    """A type without a price is no error."""
    answer = account.client("pricing").get_products(
        ServiceCode="AmazonEC2", Filters=_filters(instanceType="x9.huge")
    )
    assert answer["PriceList"] == []
    assert "NextToken" not in answer
