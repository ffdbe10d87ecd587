"""A session of spawn's own that leads to a control plane on loopback."""

from __future__ import annotations

import os
from pathlib import Path

from spawn.aws.session import Session

_SETTING = "AWS_CONFIG_FILE"


def session_at(
    url: str, config: Path, *, region: str, keys: tuple[str, str] = ("test", "test")
) -> Session:
    """Return a session whose endpoint and keys (id, secret) stand in a file that is made here.

    botocore reads the file while the session and its credentials are made, and never again.
    """
    settings = {
        "endpoint_url": url,
        "aws_access_key_id": keys[0],
        "aws_secret_access_key": keys[1],
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    config.write_text("\n".join(["[default]", *lines]))
    before = os.environ.get(_SETTING)
    os.environ[_SETTING] = str(config)
    try:
        session = Session(profile=None, region=region)
        assert session.access_key_id() == settings["aws_access_key_id"]
        return session
    finally:
        if before is None:
            del os.environ[_SETTING]
        else:
            os.environ[_SETTING] = before
