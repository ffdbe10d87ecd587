"""Files that are told of before they leave this machine."""

import pytest

from spawn.secrets.names import likely_secrets


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        (".env", True),
        ("web/.env.production", True),
        ("web/.env.example", False),
        (".aws/credentials", True),
        ("docs/credentials", False),
        ("keys/id_ed25519", True),
        ("keys/id_ed25519.pub", False),
        ("tls/server.key", True),
        ("environment.py", False),
        ("infra/terraform.tfstate", True),
    ],
)
def test_what_is_called_like_a_secret_is_told(name: str, is_told: bool) -> None:
    """The usual names of secret files are known wherever they lie; their neighbours are not."""
    assert likely_secrets([name]) == ((name,) if is_told else ())
