"""What an instance is told about itself, and how it has to ask."""

import pytest

from tests.e2e.boxes import Box
from tests.e2e.conftest import Launch
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e

ASK = """\
import urllib.error, urllib.request
def ask(path, method="GET", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        "http://169.254.169.254/latest/" + path, method=method, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=2).read().decode()
    except urllib.error.HTTPError as error:
        return error.code
def version_1(path):
    return ask("meta-data/" + path)
def version_2(path):
    token = ask("api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")
    return ask("meta-data/" + path, X_aws_ec2_metadata_token=token) if token != 403 else 403
"""


def test_metadata_wants_a_token(box: Box) -> None:
    """Unless told otherwise, version 1 is refused and version 2 answers."""
    said = box.python(f"{ASK}print(version_1('instance-id'), version_2('instance-id'))")
    assert said.split() == ["401", box.id]


def test_orders_are_read_from_tags(box: Box) -> None:
    """The end date and the level stand among the tags that the instance reads of itself."""
    said = box.python(
        f"{ASK}for name in ('expires-at', 'security', 'launch-id'):\n"
        "    print(version_2('tags/instance/spawn:' + name))\n"
    )
    assert said.split() == [
        box.document["expires_at"],
        "standard",
        box.document["launch_id"],
    ]


def test_metadata_options_are_the_instances(launch: Launch) -> None:
    """`--metadata-options` reaches the instance: version 1 answers where it was let, tags don't."""
    box = launch(
        *("--security", "open", "--metadata-options"),
        "HttpTokens=optional,InstanceMetadataTags=disabled",
    )
    said = box.python(f"{ASK}print(version_1('instance-id'), version_2('tags/instance/'))")
    assert said.split() == [box.id, "404"]


def test_version_1_is_refused_by_default_at_launch(spawn: Program) -> None:
    """Making tokens optional at the default level is refused, with the control that says so."""
    refused = spawn("launch", "--metadata-options", "HttpTokens=optional")
    assert refused.code == 3
    assert "IMDS-V2" in refused.stderr
