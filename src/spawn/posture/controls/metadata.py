"""The metadata service, which hands out the role's credentials."""

from __future__ import annotations

from spawn.aws.questions import Unseen
from spawn.posture.controls.control import Control, Judgement, Severity, failed, passed, unknown
from spawn.posture.model import Posture

# A packet with one hop left reaches the instance, and no container with a network of its own.
MOST_HOPS = 1


def tokens_required(posture: Posture) -> Judgement:
    """Without a session token the service must not answer (EC2 user guide, "Use IMDSv2")."""
    metadata = posture.metadata
    if isinstance(metadata, Unseen):
        return unknown(metadata)
    if metadata.http_endpoint == "disabled":
        return passed("the metadata service is off")
    if metadata.http_tokens == "required":
        return passed("the metadata service wants a session token")
    return failed(f"HttpTokens is {metadata.http_tokens}: IMDSv1 answers")


def hop_limit(posture: Posture) -> Judgement:
    """A metadata answer must not get beyond the instance itself."""
    metadata = posture.metadata
    if isinstance(metadata, Unseen):
        return unknown(metadata)
    if metadata.http_endpoint == "disabled":
        return passed("the metadata service is off")
    limit = metadata.http_put_response_hop_limit
    if limit == MOST_HOPS:
        return passed("metadata goes no further than the instance")
    return failed(f"HttpPutResponseHopLimit is {limit}: containers reach the role's credentials")


_MODIFY = (
    "aws ec2 modify-instance-metadata-options --region {region} --instance-id {instance_id}"
    " --http-endpoint enabled"
)

CONTROLS = (
    Control(
        id="IMDS-V2",
        title="The metadata service wants a session token (IMDSv2)",
        severity=Severity.HIGH,
        risk="A web application that fetches a URL for a stranger gives away the role.",
        at_launch="leave out HttpTokens=optional in --metadata-options",
        remedy=f"{_MODIFY} --http-tokens required",
        judge=tokens_required,
    ),
    Control(
        id="IMDS-HOP-LIMIT",
        title="Metadata goes no further than the instance",
        severity=Severity.MEDIUM,
        risk="Any container on the instance can take the role's credentials.",
        at_launch="HttpPutResponseHopLimit=1 in --metadata-options",
        remedy=f"{_MODIFY} --http-put-response-hop-limit 1",
        judge=hop_limit,
    ),
)
