"""A launch with secrets brings what fetches them, and holds the person's script back."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import Defect, InputError
from spawn.launch.agent import agent_boothook, read_agent_source
from spawn.launch.secret_delivery import GUARD, guarded
from spawn.launch.userdata import MOST_BYTES, assemble
from tests.unit.launch.mime import Part, parts_of

SOURCE = read_agent_source()
NOW = datetime(2026, 1, 27, 12, tzinfo=UTC)
TAGS = {"spawn:expires-at": "2026-01-27T20:00:00Z"}
# What a busy launch may still add: its own script, and the duties.
ROOM_BYTES = 4_000


def orders(*names: str) -> dict[str, Any]:
    """What the instance is told of secrets of these names."""
    service = "eu-west-1/secretsmanager https://secretsmanager.eu-west-1.amazonaws.com"
    return {
        "user": "ec2-user",
        "services": {"secretsmanager": service},
        "secrets": [
            {"name": name, "service": "secretsmanager", "id": "app", "key": "", "env": False}
            for name in names
        ],
    }


def boothook(secrets: dict[str, Any] | None) -> bytes:
    """The part that brings the agent."""
    return agent_boothook(SOURCE, TAGS, now=NOW, expires_at=NOW, secrets=secrets)


def test_nothing_of_it_travels_unless_it_is_asked_for() -> None:
    """Without secrets the boothook says nothing of them; with, all that it needs is there."""
    plain, armed = boothook(None).decode(), boothook(orders("API_KEY")).decode()
    for module in ("secrets", "deliver", "imds", "calling", "signing"):
        path = f"put opt/spored/spored/{module}.py"
        assert path not in plain
        assert path in armed
    assert "/secrets" not in plain
    assert not re.search("@[A-Z]+@", plain + armed)


def test_the_instance_is_told_where_secrets_are_and_never_more() -> None:
    """Orders name the secrets, and the variables lead to their files."""
    armed = boothook(orders("API_KEY", "DB")).decode()
    told = armed.partition("put opt/spored/orders.json <<'EOF'\n")[2].partition("EOF\n")[0]
    assert json.loads(told)["secrets"] == orders("API_KEY", "DB")
    for line in ("API_KEY_FILE=/run/spored/secrets/API_KEY", "DB_FILE=/run/spored/secrets/DB"):
        assert line in armed.splitlines()


def test_there_is_room_left_for_a_script() -> None:
    """What travels for ten secrets leaves the person's part room in user-data."""
    names = [f"SECRET_{number}" for number in range(10)]
    sent = assemble(boothook(orders(*names)), b"#!/bin/sh\n", flag="-")
    assert len(sent) < MOST_BYTES - ROOM_BYTES


@pytest.mark.parametrize(
    "name", ["A-B", "", "1A", "A B", "A;reboot", "A\nEOF\nreboot", "É", "../A"]
)
def test_a_name_that_no_variable_has_never_reaches_a_shell(name: str) -> None:
    """What the command line would have refused is refused here as well."""
    with pytest.raises(Defect):
        boothook(orders(name))


@given(st.binary(max_size=300))
def test_a_script_is_held_back_byte_for_byte(body: bytes) -> None:
    """The line that waits comes first, and after it the script with its own first line."""
    script = b"#!/usr/bin/env python3\n" + body
    assert guarded(script, flag="--user-data") == GUARD + script
    assert guarded(gzip.compress(script), flag="--user-data") == GUARD + script
    sent = assemble(b"#cloud-boothook\n", guarded(script, flag="-"), flag="-")
    assert parts_of(sent)[1] == Part("text/x-shellscript", GUARD + script)


def test_a_text_without_a_first_line_still_runs_under_bash() -> None:
    """What would have been given a first line is given it behind the one that waits."""
    assert guarded(b"echo hi\n", flag="-") == GUARD + b"#!/bin/bash\necho hi\n"
    assert shlex.split(GUARD.decode().removeprefix("#!")) == ["/usr/local/bin/spored", "secrets"]


@pytest.mark.parametrize(
    "text",
    [
        b"#cloud-config\nruncmd: []\n",
        b"#cloud-boothook\n#!/bin/sh\n",
        b"#include\nhttps://example.com\n",
        b"## template: jinja\n#!/bin/sh\n",
        b"Content-Type: multipart/mixed; boundary=a\n\n--a--\n",
        b"MIME-Version: 1.0\n",
    ],
)
def test_what_cant_be_held_back_is_refused(text: bytes) -> None:
    """cloud-init would run its parts without the secrets: that is said, with what to do instead."""
    with pytest.raises(InputError, match="--user-data-file") as refused:
        guarded(text, flag="--user-data-file")
    assert "spored-secrets.service" in refused.value.why
