"""IAM's simulator and EC2's quotas, as they are asked before a launch."""

from __future__ import annotations

from typing import Any

from tests.integration.local.conftest import Account, document, refusal

RUN = "ec2:RunInstances"
A, B, C = (f"arn:aws:ec2:eu-west-1:123456789012:instance/i-{number}" for number in "abc")


def simulate(account: Account, arn: str, *resources: str, **context: str) -> dict[str, str]:
    """Return the decision by resource for running instances."""
    entries = [
        {"ContextKeyName": f"aws:{key}", "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in context.items()
    ]
    answer: dict[str, Any] = account.client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=[RUN], ResourceArns=list(resources), ContextEntries=entries
    )
    return {one["EvalResourceName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}


def test_a_role_is_simulated_with_the_keys_that_are_given(account: Account) -> None:
    """Allows, explicit and implicit denials come out as the same request would be judged."""
    here = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    arn = account.role(
        "launcher",
        trusts={"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        allows=[
            {"Effect": "Allow", "Action": RUN, "Resource": A, "Condition": here},
            {"Effect": "Deny", "Action": RUN, "Resource": C},
        ],
    )
    assert simulate(account, arn, A, B, C, RequestedRegion="eu-west-1") == {
        A: "allowed",
        B: "implicitDeny",
        C: "explicitDeny",
    }
    assert simulate(account, arn, A) == {A: "implicitDeny"}


def test_users_are_simulated_with_their_groups(account: Account) -> None:
    """What a group allows counts for its members; who does not exist is no user."""
    iam = account.client("iam")
    arn = iam.create_user(UserName="alice")["User"]["Arn"]
    iam.create_group(GroupName="launchers")
    allow = {"Effect": "Allow", "Action": RUN, "Resource": "*"}
    iam.put_group_policy(GroupName="launchers", PolicyName="p", PolicyDocument=document(allow))
    assert simulate(account, arn, A) == {A: "implicitDeny"}
    iam.add_user_to_group(GroupName="launchers", UserName="alice")
    assert simulate(account, arn, A) == {A: "allowed"}
    code, _ = refusal(
        iam.simulate_principal_policy,
        PolicySourceArn="arn:aws:iam::123456789012:user/nobody",
        ActionNames=[RUN],
    )
    assert code == "NoSuchEntity"


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
