"""EC2's quotas, and what an instance counts towards them."""

from __future__ import annotations

from tests.integration.local.conftest import Account, refusal


def test_quotas_of_vcpus_are_known(account: Account) -> None:
    """EC2's are answered here, another service's by moto, and a code of none by neither."""
    quotas = account.client("service-quotas")
    answer = quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")
    assert answer["Quota"]["Value"] > 0
    assert quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]
    code, _ = refusal(quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-00000000")
    assert code == "NoSuchResourceException"


def test_an_instance_shows_its_processor(account: Account) -> None:
    """Its cores and threads make up the vCPUs of its type."""
    options = account.launch(InstanceType="t3.large")["CpuOptions"]
    assert options["CoreCount"] * options["ThreadsPerCore"] == 2
