"""User-data goes to the instance, and nowhere else."""

from __future__ import annotations

import base64
import gzip

import msgspec
import pytest

from spawn.core.errors import RefusedByControl
from spawn.core.journal import Planned
from spawn.launch.spec import Waiver
from tests.unit.launch.accounts import NOW, plan_of, spec
from tests.unit.launch.requests import user_data_of

CANARY = b"canary-5f2b91c7"
# The shape of a key of AWS's: found in user-data it is refused.
ACCESS_KEY = b"AKIAIOSFODNN7EXAMPL2"


def forms_of(secret: bytes) -> tuple[bytes, ...]:
    """Return the secret as it is, and its middle as base64 of a longer text would show it."""
    shifted = (base64.b64encode(b"." * shift + secret)[4:-4] for shift in range(3))
    return (secret, *shifted)


def holds(text: bytes, secret: bytes) -> bool:
    """Whether the secret is in the text, plain or in base64."""
    return any(form in text for form in forms_of(secret))


def test_only_the_instance_is_told() -> None:
    """Record, journal, findings, posture, summary and notes know the digest of it at the most."""
    plan = plan_of(spec(user_data=b"#!/bin/sh\necho " + CANARY))
    assert holds(gzip.decompress(user_data_of(plan)), CANARY)
    begun = Planned(
        at=NOW,
        launch_id=plan.launch_id,
        account=plan.account,
        region=plan.region,
        endpoint="https://ec2.example",
        plan_digest=plan.digest,
        client_tokens=plan.client_tokens,
        record=plan.record,
    )
    told = (plan.record, begun, plan.findings, plan.posture, plan.summary, plan.notes, plan.secure)
    for one in told:
        assert not holds(msgspec.json.encode(one), CANARY)


@pytest.mark.parametrize("is_waived", [False, True])
def test_a_secret_that_is_found_is_not_repeated(is_waived: bool) -> None:
    """A refusal says where the secret stands, and so does a waived finding; neither shows it."""
    text = b"#!/bin/sh\nset -e\nexport AWS_ACCESS_KEY_ID=" + ACCESS_KEY + b"\n"
    waiver = Waiver(control="SECRET-IN-USER-DATA", reason="a demo")
    if is_waived:
        plan = plan_of(spec(user_data=text, waivers=(waiver,)))
        told = msgspec.json.encode((plan.findings, plan.posture, plan.record))
    else:
        with pytest.raises(RefusedByControl) as refused:
            plan_of(spec(user_data=text))
        told = f"{refused.value.what} {refused.value.why}".encode()
    assert b"line 3" in told
    assert not holds(told, ACCESS_KEY)
