"""An instance is given exactly the secrets that were asked for, or nothing is launched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from spawn.aws import ec2_endpoints, kms, secretsmanager, ssm
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Absent, Asker, Known, Unseen
from spawn.core.errors import AccessDenied, AccountError, AwsRefusal, InputError, SpawnError
from spawn.core.levels import Level
from spawn.core.steps import Parameters
from spawn.launch.plan import LaunchPlan
from spawn.launch.secret_facts import SecretFacts, ask_secrets
from spawn.launch.spec import LaunchSpec, MetadataOptions
from spawn.posture.live import user_data_posture
from spawn.secrets.references import SecretReference, parse_references
from tests.unit.launch.accounts import (
    ACCOUNT,
    KMS_KEY,
    OWN_AMI,
    PRIVATE_A,
    REGION,
    ROLE,
    VPC,
    fresh_account,
    plan_of,
    spec,
)
from tests.unit.launch.mime import orders_in, parts_of
from tests.unit.launch.requests import own_policy, user_data_of

HOME = f"{REGION}:{ACCOUNT}"
ARN = f"arn:aws:secretsmanager:{HOME}:secret:myapp/db-AbCdEf"
FOREIGN = f"arn:aws:secretsmanager:{REGION}:210987654321:secret:shared-AbCdEf"
PARAMETER = f"arn:aws:ssm:{HOME}:parameter/myapp/token"
ALIAS = f"arn:aws:kms:{HOME}:alias/ours"
DENIED = Unseen("x:Y", "denied")


def secrets(*texts: str, in_environment: bool = False) -> tuple[SecretReference, ...]:
    return parse_references(texts, flag="--secret", in_environment=in_environment)


def asking(*texts: str, **fields: Any) -> LaunchSpec:
    return spec(secrets=secrets(*texts), **fields)


def plan_with(asked: LaunchSpec, **found: Any) -> LaunchPlan:
    """Return the plan where this is found of the secrets."""
    account = fresh_account(asked)
    assert account.secrets is not None
    facts = replace(account.secrets, **found)
    # The role's name follows from the facts, so it is looked for anew.
    return plan_of(asked, fresh_account(asked, secrets=facts))


def statements(plan: LaunchPlan) -> dict[str, dict[str, Any]]:
    """Return the role's statements by their one action."""
    return {one["Action"][0]: one for one in own_policy(plan)["Statement"]}


# What the role may


def test_a_role_reads_exactly_its_secrets_and_decrypts_no_more() -> None:
    """The whole ARN, the one key, by the one service, for what is encrypted as that secret."""
    found = statements(plan_of(asking("A=secretsmanager:myapp/db", "B=ssm:/myapp/token")))
    assert found.keys() == {"secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt"}
    assert found["secretsmanager:GetSecretValue"]["Resource"] == [ARN]
    assert found["ssm:GetParameter"]["Resource"] == [PARAMETER]
    keys = [
        one
        for one in own_policy(plan_of(asking("A=secretsmanager:myapp/db", "B=ssm:/myapp/token")))[
            "Statement"
        ]
        if one["Action"] == ["kms:Decrypt"]
    ]
    assert [one["Resource"] for one in keys] == [[KMS_KEY], [KMS_KEY]]
    conditions = [one["Condition"]["StringEquals"] for one in keys]
    assert {
        "kms:ViaService": [f"secretsmanager.{REGION}.amazonaws.com"],
        "kms:EncryptionContext:SecretARN": [ARN],
    } in conditions
    assert {
        "kms:ViaService": [f"ssm.{REGION}.amazonaws.com"],
        "kms:EncryptionContext:PARAMETER_ARN": [PARAMETER],
    } in conditions


def secret(**members: Any) -> Known[secretsmanager.Secret]:
    return Known(secretsmanager.Secret(**{"arn": ARN, "name": "myapp/db"} | members))


def parameter(**members: Any) -> Known[ssm.ParameterMetadata | None]:
    whole: dict[str, Any] = {"name": "/myapp/token", "type": "SecureString", "version": 3}
    return Known(ssm.ParameterMetadata(**whole | members))


@pytest.mark.parametrize("key", ["", "alias/aws/secretsmanager", f"arn:aws:kms:{HOME}:alias/aws/x"])
def test_aws_own_key_needs_no_right(key: str) -> None:
    """A secret under the key that AWS manages is read with one action."""
    asked = asking("A=secretsmanager:myapp/db")
    plan = plan_with(asked, secrets={"myapp/db": secret(kms_key_id=key)}, keys={})
    assert statements(plan).keys() == {"secretsmanager:GetSecretValue"}


def test_a_key_is_aws_own_by_whatever_name() -> None:
    """Where its id was given, the key itself says who manages it."""
    asked = asking("A=secretsmanager:myapp/db")
    key = Known(kms.Key(key_id="1", arn=KMS_KEY, key_state="Enabled", key_manager="AWS"))
    assert statements(plan_with(asked, keys={KMS_KEY: key})).keys() == {
        "secretsmanager:GetSecretValue"
    }


def test_what_is_not_encrypted_needs_no_key() -> None:
    """A parameter of type String is read with one action, and it is said that it is open."""
    plan = plan_with(
        asking("B=ssm:/myapp/token"), parameters={"/myapp/token": parameter(type="String")}
    )
    assert statements(plan).keys() == {"ssm:GetParameter"}
    assert any("is a String: it is not encrypted" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("A=secretsmanager:myapp/db", f"arn:aws:secretsmanager:{HOME}:secret:myapp/db-??????"),
        # A partial ARN lacks its end.
        (f"A=secretsmanager:{ARN[:-7]}", f"{ARN[:-7]}-??????"),
        (f"A=secretsmanager:{ARN}", ARN),
    ],
)
def test_what_may_not_be_seen_is_bound_as_far_as_can_be(text: str, resource: str) -> None:
    """It is launched and said; the role reads that name alone, and decrypts for it alone."""
    asked = asking(text)
    identifier = asked.secrets[0].id
    plan = plan_with(asked, secrets={identifier: DENIED}, keys={})
    found = statements(plan)
    assert found["secretsmanager:GetSecretValue"]["Resource"] == [resource]
    assert found["kms:Decrypt"]["Resource"] == [f"arn:aws:kms:{HOME}:key/*"]
    bound = found["kms:Decrypt"]["Condition"]
    context = {key: value for keys in bound.values() for key, value in keys.items()}
    assert context["kms:EncryptionContext:SecretARN"] == [resource]
    assert context["kms:ViaService"] == [f"secretsmanager.{REGION}.amazonaws.com"]
    assert f"whether secretsmanager:{identifier} is there can't be seen: x:Y denied" in plan.notes


@pytest.mark.parametrize(
    ("name", "fact", "resource"),
    [
        (ALIAS, DENIED, f"arn:aws:kms:{HOME}:key/*"),
        (KMS_KEY, DENIED, KMS_KEY),
        ("1234", DENIED, f"arn:aws:kms:{HOME}:key/1234"),
        (ALIAS, Known(kms.Key(key_id="1", arn=KMS_KEY, key_state="Enabled")), KMS_KEY),
    ],
)
def test_an_alias_is_no_resource(name: str, fact: Any, resource: str) -> None:
    """A key is named by its own ARN; where only its alias is known, the secret binds it."""
    asked = asking("A=secretsmanager:myapp/db")
    plan = plan_with(asked, secrets={"myapp/db": secret(kms_key_id=name)}, keys={name: fact})
    assert statements(plan)["kms:Decrypt"]["Resource"] == [resource]
    assert any(name in note for note in plan.notes) is (fact is DENIED)


def test_two_members_of_one_secret_are_one_right() -> None:
    """What is asked for twice, under two names, stands in the policy once."""
    plan = plan_of(asking("U=secretsmanager:myapp/db#user", "P=secretsmanager:myapp/db#password"))
    assert statements(plan)["secretsmanager:GetSecretValue"]["Resource"] == [ARN]


def test_a_persons_own_role_is_told_and_not_touched() -> None:
    """With --iam-role no policy is written, and the statements that it needs are said."""
    plan = plan_of(asking("A=secretsmanager:myapp/db", iam_role=ROLE))
    assert plan.run.parameters["IamInstanceProfile"]["Arn"].endswith(f"/{ROLE}")
    (note,) = [note for note in plan.notes if note.startswith("your own role is not changed")]
    allowed = [json.loads(part) for part in note.partition("allow: ")[2].split("; ")]
    assert [one["Action"] for one in allowed] == ["secretsmanager:GetSecretValue", "kms:Decrypt"]
    assert allowed[0]["Resource"] == ARN


# What the instance is told


def orders(plan: LaunchPlan) -> Any:
    return orders_in(user_data_of(plan))["secrets"]


def test_the_instance_is_told_where_and_never_what() -> None:
    """By its ARN a secret is itself; user, services, members and variables are as asked."""
    asked = spec(
        secrets=(
            *secrets("A=secretsmanager:myapp/db#password"),
            *secrets("B=ssm:/myapp/token:2", in_environment=True),
        )
    )
    endpoint = f"{REGION}/{{0}} https://{{0}}.{REGION}.amazonaws.com"
    assert orders(plan_of(asked)) == {
        "user": "ec2-user",
        "services": {name: endpoint.format(name) for name in ("secretsmanager", "ssm")},
        "secrets": [
            {
                "name": "A",
                "service": "secretsmanager",
                "id": ARN,
                "key": "password",
                "env": False,
            },
            {"name": "B", "service": "ssm", "id": "/myapp/token:2", "key": "", "env": True},
        ],
    }
    other = plan_of(asking("A=secretsmanager:myapp/db", secret_user="worker"))
    assert orders(other)["user"] == "worker"
    unseen = plan_with(asking("A=secretsmanager:myapp/db"), secrets={"myapp/db": DENIED}, keys={})
    assert orders(unseen)["secrets"][0]["id"] == "myapp/db"


@pytest.mark.parametrize("script", [None, b"echo hello\n"])
def test_what_is_the_persons_waits_for_the_secrets(script: bytes | None) -> None:
    """The script is held back; without one something waits, so that the boot does not end."""
    plan = plan_of(asking("A=ssm:/myapp/token", user_data=script))
    (mine,) = [part for part in parts_of(user_data_of(plan)) if "shellscript" in part.kind]
    assert mine.content.startswith(b"#!/usr/local/bin/spored secrets\n#!/bin/")
    assert mine.content.endswith(script or b"#!/bin/sh\n")


def test_a_large_script_waits_as_well() -> None:
    """What fetches a script from a bucket is held back itself, and the script stays as it is."""
    noise = b"".join(b": %x\n" % (7**n % 2**199) for n in range(1, 900))
    plan = plan_of(asking("A=ssm:/myapp/token", user_data=b"#!/bin/sh\n" + noise))
    (mine,) = [part for part in parts_of(user_data_of(plan)) if "shellscript" in part.kind]
    assert mine.content.startswith(b"#!/usr/local/bin/spored secrets\n#!/bin/sh\nexec ")
    (put,) = [step for step in plan.steps if step.operation == "s3:PutObject"]
    assert put.parameters["Body"].startswith(b"#!/bin/sh\n: ")


def test_what_can_not_wait_is_refused() -> None:
    """A #cloud-config would run whether its secrets are there or not."""
    with pytest.raises(InputError, match="--secret can't hold back this --user-data"):
        plan_of(asking("A=ssm:/myapp/token", user_data=b"#cloud-config\nruncmd: [x]\n"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"agent": False}, "--secret and --no-agent"),
        ({"metadata": MetadataOptions(http_endpoint="disabled")}, "--secret and --metadata-opt"),
        ({"ami": OWN_AMI}, "--secret needs --secret-user"),
    ],
)
def test_what_leaves_no_way_for_a_secret_is_refused(fields: dict[str, Any], words: str) -> None:
    """Without agent, metadata or a known user there is nobody to fetch it, or to give it to."""
    with pytest.raises(InputError, match=words):
        plan_of(asking("A=ssm:/myapp/token", **fields))


def test_the_plan_says_who_reads_what() -> None:
    """The summary names the secrets and their reader; what is seen at boot only is said so."""
    plan = plan_of(asking("A=secretsmanager:myapp/db#password"))
    said = dict(plan.summary)["secrets"]
    assert said == "A from secretsmanager:myapp/db#password, readable by ec2-user"
    assert dict(plan.summary)["role"].endswith("(new): read its secrets")
    named = plan_of(asking("A=ssm:/x", dns_name="box.example.com", dns_zone="example.com")).summary
    assert dict(named)["role"].endswith("read its secrets; its agent's own duties")
    assert any("has the member password is seen at boot" in note for note in plan.notes)
    quiet = plan_of(asking("A=secretsmanager:myapp/db"))
    assert quiet.notes == plan_of(spec()).notes


def test_what_weakens_the_walls_is_said() -> None:
    """Several hops are for nothing, and without a key pair nobody comes in by SSH."""
    hops = MetadataOptions(http_put_response_hop_limit=2)
    plan = plan_of(asking("A=ssm:/myapp/token", metadata=hops, public_key=""))
    assert any("however many hops" in note for note in plan.notes)
    assert any("EC2 Instance Connect" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("level", "disposition"), [(Level.OPEN, "warned"), (Level.STANDARD, "warned")]
)
def test_a_secret_in_an_environment_is_a_finding(level: Level, disposition: str) -> None:
    """With --secret-env the plan warns, with --secret it does not; user-data says which it was."""
    asked = secrets("A=ssm:/myapp/token", in_environment=True)
    plan = plan_of(spec(secrets=asked, security=level))
    findings = {each.control: each for each in plan.findings}
    assert findings["SECRET-IN-ENVIRONMENT"].disposition == disposition
    assert "$A" in findings["SECRET-IN-ENVIRONMENT"].evidence
    live = user_data_posture(user_data_of(plan))
    assert live is not None
    assert live.secret_variables == ("A",)
    without = plan_of(asking("A=ssm:/myapp/token", security=level))
    passed = {each.control: each.disposition for each in without.findings}
    assert passed["SECRET-IN-ENVIRONMENT"] == "passed"


@pytest.mark.parametrize(
    "text", ["A=secretsmanager:token1234#password1", f"A=secretsmanager:{ARN}#apikey12345"]
)
def test_a_reference_is_no_secret(text: str) -> None:
    """Whatever a secret and its members are called, its reference in user-data is no finding."""
    plan = plan_of(asking(text))
    live = user_data_posture(user_data_of(plan))
    assert live is not None
    assert live.secrets == ()


# The way to it


def endpoint(service: str, **members: Any) -> ec2_endpoints.VpcEndpoint:
    whole: dict[str, Any] = {
        "vpc_endpoint_id": "vpce-1",
        "vpc_id": VPC,
        "service_name": f"com.amazonaws.{REGION}.{service}",
        "vpc_endpoint_type": "Interface",
        "state": "available",
        "private_dns_enabled": True,
    }
    return ec2_endpoints.VpcEndpoint(**whole | members)


BOTH = ("A=secretsmanager:myapp/db", "B=ssm:/myapp/token")


@pytest.mark.parametrize(
    ("found", "lacking"),
    [
        ((), "secretsmanager and ssm"),
        ((endpoint("ssm"),), "secretsmanager"),
        ((endpoint("ssm"), endpoint("secretsmanager", state="pending")), "secretsmanager"),
        ((endpoint("ssm"), endpoint("secretsmanager", private_dns_enabled=False)), "secretsm"),
        ((endpoint("ssm"), endpoint("secretsmanager", vpc_id="vpc-2")), "secretsmanager"),
    ],
)
def test_a_place_without_a_way_to_its_secrets_is_refused(
    found: tuple[ec2_endpoints.VpcEndpoint, ...], lacking: str
) -> None:
    """Where nothing leads out, the endpoints that are missing are named, with what makes them."""
    asked = asking(*BOTH, public_ip=False, subnet="subnet-0000000000000000a")
    with pytest.raises(AccountError, match=f"no endpoint for {lacking}") as refused:
        plan_with(asked, endpoints=Known(found))
    assert "--group-name secrets-endpoints" in refused.value.next_command


def test_a_place_with_a_way_is_not_refused() -> None:
    """By endpoints, or by a way out, the secrets can be had; what can't be seen is said."""
    closed = asking(*BOTH, public_ip=False, subnet="subnet-0000000000000000a")
    plan_with(closed, endpoints=Known((endpoint("ssm"), endpoint("secretsmanager"))))
    plan_with(asking(*BOTH, public_ip=False, subnet=PRIVATE_A), endpoints=Known(()))
    plan = plan_with(closed, endpoints=DENIED)
    assert any("endpoints for its secrets can't be seen" in note for note in plan.notes)


# What is looked at, and refused


@dataclass
class Shown:
    """Services that describe these secrets, parameters and keys, and what was asked of them."""

    secrets: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    parameters: tuple[dict[str, Any], ...] = ()
    keys: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    denies: frozenset[str] = frozenset()
    asked: list[tuple[str, Parameters]] = field(default_factory=list)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer as AWS does."""
        assert region == REGION
        self.asked.append((operation.key, parameters))
        if operation.key in self.denies:
            raise AccessDenied("no", operation=operation.key)
        match operation:
            case secretsmanager.DESCRIBE_SECRET:
                return self._of(self.secrets, parameters["SecretId"], "ResourceNotFoundException")
            case ssm.DESCRIBE_PARAMETERS:
                return {"Parameters": list(self.parameters)}
            case kms.DESCRIBE_KEY:
                found = self._of(self.keys, parameters["KeyId"], "NotFoundException")
                return {"KeyMetadata": found}
            case _:
                return {"VpcEndpoints": []}

    @staticmethod
    def _of(known: Mapping[str, dict[str, Any]], name: str, code: str) -> Answer:
        if name not in known:
            raise AwsRefusal("there is none", code=code)
        return known[name]


def facts(shown: Shown, asked: LaunchSpec) -> SecretFacts:
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = ask_secrets(asked, Asker(shown, pool))()
    assert found is not None
    return found


def test_no_value_is_read_here() -> None:
    """Descriptions are asked for, and the key that they name; nothing that answers with a value."""
    shown = Shown(
        secrets={"myapp/db": {"ARN": ARN, "Name": "myapp/db", "KmsKeyId": ALIAS}},
        parameters=({"Name": "/myapp/token", "Type": "SecureString", "KeyId": "alias/aws/ssm"},),
        keys={ALIAS: {"KeyId": "1", "Arn": KMS_KEY, "KeyState": "Enabled"}},
    )
    found = facts(shown, asking(*BOTH))
    assert found.keys[ALIAS] == Known(kms.Key(key_id="1", arn=KMS_KEY, key_state="Enabled"))
    assert {key for key, _ in shown.asked} == {
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
        "kms:DescribeKey",
        "ec2:DescribeVpcEndpoints",
    }


GONE_ON = datetime(2026, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "text", "code", "words"),
    [
        (Shown(), "A=secretsmanager:myapp/db", 5, "there is no secretsmanager:myapp/db"),
        (Shown(), "A=ssm:/myapp/token", 5, "there is no ssm:/myapp/token"),
        (
            Shown(parameters=({"Name": "/myapp/token-2", "Type": "String"},)),
            "A=ssm:/myapp/token",
            5,
            "there is no ssm:/myapp/token",
        ),
        (
            Shown(secrets={"myapp/db": {"ARN": ARN, "Name": "myapp/db", "DeletedDate": GONE_ON}}),
            "A=secretsmanager:myapp/db",
            1,
            "scheduled for deletion, for 2026-02-03T00:00:00Z",
        ),
        (
            Shown(parameters=({"Name": "/myapp/token", "Type": "String", "Version": 3},)),
            "A=ssm:/myapp/token:4",
            5,
            "has no version 4",
        ),
        (
            Shown(parameters=({"Name": "/myapp/token", "Type": "String", "Version": 200},)),
            "A=ssm:/myapp/token:100",
            5,
            "has no version 100",
        ),
    ],
)
def test_what_nobody_can_read_refuses_the_launch(
    shown: Shown, text: str, code: int, words: str
) -> None:
    """A secret that is not there, or is going, is told while the person is still at hand."""
    with pytest.raises(SpawnError, match=words) as refused:
        facts(shown, asking(text))
    assert refused.value.exit_code == code
    assert refused.value.next_command


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Absent(), "is not there any more"),
        (Known(kms.Key(key_id="1", arn=KMS_KEY, key_state="Disabled")), "is Disabled"),
        (Known(kms.Key(key_id="1", arn=KMS_KEY, key_state="PendingDeletion")), "PendingDeletion"),
    ],
)
def test_a_key_that_decrypts_nothing_refuses_the_launch(key: Any, words: str) -> None:
    """A secret under a disabled key is there, and can't be read."""
    with pytest.raises(AccountError, match=words):
        plan_with(asking("A=secretsmanager:myapp/db"), keys={KMS_KEY: key})


def test_a_foreign_secret_is_read_under_its_own_key() -> None:
    """Of another account's, AWS's own key is refused; a customer's stands in the role."""
    asked = asking(f"A=secretsmanager:{FOREIGN}")
    open_one = secret(arn=FOREIGN, name="shared")
    with pytest.raises(AccountError, match="account 210987654321's, under AWS's own key"):
        plan_with(asked, secrets={FOREIGN: open_one}, keys={})
    plan = plan_with(asked, secrets={FOREIGN: DENIED}, keys={})
    assert statements(plan)["kms:Decrypt"]["Resource"] == [
        f"arn:aws:kms:{REGION}:210987654321:key/*"
    ]
    other = FOREIGN.replace("arn:aws:", "arn:aws-cn:")
    with pytest.raises(InputError, match="in the partition aws-cn"):
        plan_of(asking(f"A=secretsmanager:{other}"))


def test_what_may_not_be_looked_at_is_no_absence() -> None:
    """A denial is a fact of its own: it is launched all the same, and said."""
    denies = frozenset({"secretsmanager:DescribeSecret", "ssm:DescribeParameters"})
    found = facts(Shown(denies=denies), asking(*BOTH))
    assert isinstance(found.secrets["myapp/db"], Unseen)
    assert isinstance(found.parameters["/myapp/token"], Unseen)


# What a script reads by itself

RECIPE = b"KEY=$(aws secretsmanager get-secret-value --secret-id myapp/api-key)\n"


def test_a_script_that_may_not_read_is_told_so_beforehand() -> None:
    """Without any right to it, the launch says what to add, by the names of the script."""
    (note,) = plan_of(spec(user_data=RECIPE)).notes
    assert note == (
        "user-data reads secretsmanager:myapp/api-key, which its role may not: --iam-policy"
        " secretsmanager:ReadOnly@myapp/api-key allows it, and"
        " --secret KEY=secretsmanager:myapp/api-key fetches it in place of that"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"iam_policies": ("secretsmanager:ReadOnly",)},
        {"iam_role": ROLE},
        {"iam_managed_policies": ("SecretsManagerReadWrite",)},
        {"secrets": secrets("KEY=secretsmanager:myapp/api-key")},
    ],
)
def test_a_script_that_may_read_is_left_alone(fields: dict[str, Any]) -> None:
    """With a right of which it can't be said that it is not enough, nothing is said."""
    notes = plan_of(spec(user_data=RECIPE, **fields)).notes
    assert not any("user-data reads" in note for note in notes)
