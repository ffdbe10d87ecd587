"""Secrets are found in what people write, and references to them are left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.secrets.finding import SecretFinding
from spawn.secrets.scan import scan_text
from tests.unit.secrets.corpus.making import Maker

CANARY = "kq7hunter2zx9"
# In pieces, so that no scanner of repositories takes them for real ones.
SECRETS = {
    "AWS access key": "aws configure set aws_access_key_id AKI" + "AQ3EGRT5ZPLWMKJ7Q",
    "AWS secret access key": "aws_secret_access_key = /Kd73hdk+Ld83hdkALd83hdkALd83hdkALd83hdk",
    "private key": "-----BEGIN OPENSSH PRIVATE " + "KEY-----",
    "GitHub token": "git clone https://" + Maker("a").fill("ghp_<crc:30>") + ":x@github.com/a/b",
    "GitLab token": "curl -H 'PRIVATE-TOKEN: gl" + "pat-a1B2c3D4e5F6g7H8i9J0'",
    "Slack token": "slack xo" + "xb-1234567890-abcdefghij",
    "Stripe key": "stripe sk_" + "live_a1B2c3D4e5F6g7H8",
    "API key": "python app.py s" + "k-proj-a1B2c3D4e5F6g7H8",
    "Google API key": "maps AI" + "za" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "JSON web token": "jwt ey" + "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "password in a URL": f"psql postgres://app:{CANARY}@db.internal/app",
    "authorization header": f"curl -H 'Authorization: Bearer {CANARY}' https://api.internal",
    "standard input of chpasswd": f"echo 'admin:{CANARY}' | sudo chpasswd",
    "literal value of API_KEY": "export API_KEY=" + "sk-abc123" + "xyz789",
    "literal value of DB_PASSWORD": f"Environment=DB_PASSWORD={CANARY}",
    "literal value of password": f'  "password": "{CANARY}",',
    "literal value of dbPassword": f"dbPassword: {CANARY}",
    "literal value of TOKEN": f"docker run -e TOKEN={CANARY} image",
    "literal value of PASSWORD": "PASSWORD='pa$$word'",
    "literal value of auth-token": f"app --auth-token {CANARY}",
}
REFERENCES = (
    "API_KEY=$(aws secretsmanager get-secret-value --secret-id myapp/api-key)",
    "API_KEY=`cat /run/key`",
    "export DATABASE_PASSWORD=$DB_PASSWORD",
    'export DATABASE_PASSWORD="${DB_PASSWORD:?}"',
    "TOKEN=$(curl -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/)",
    'curl -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/',
    'curl -H "Authorization: Bearer $TOKEN" https://api.internal',
    "PASSWORD=<password>",
    "password: '{{ vault_password }}'",
    "password = os.environ['PASSWORD']",
    "token = fetch_token()",
    "lock_passwd: false",
    "PasswordAuthentication no",
    'if [ "$TOKEN" == "abc" ]; then',
    "DB_SECRET=arn:aws:secretsmanager:eu-west-1:123456789012:secret:app",
    "app --secret NAME=secretsmanager:myapp/api-key",
    "SSH_KEY=/root/.ssh/id_ed25519",
    "gpgkey=https://packages.internal/key.gpg",
    "partition_key: customer_id",
    "MAX_TOKENS=4096",
    "psql postgres://app:$PASSWORD@db.internal/app",
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    "echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx me@host' >> authorized_keys",
)
# What makes a pattern with nested or unbounded repetition go over the same text again and again.
HOSTILE = ("a", "A", "sk-", "eyJ-", "password=", "http://", "_key", "a.key:", "-", " ", "AKIA")


@pytest.mark.parametrize(("kind", "line"), SECRETS.items(), ids=SECRETS)
def test_secrets_are_found_where_they_stand(kind: str, line: str) -> None:
    """A secret is found in its line, and of its kind."""
    found = scan_text(f"#!/bin/sh\nset -e\n{line}\necho done\n")
    assert (3, kind) in [(finding.line, finding.kind) for finding in found]
    assert {finding.line for finding in found} == {3}


def test_a_finding_says_in_which_part_it_is() -> None:
    """Where user-data has several parts, a line number alone would say nothing."""
    [found] = scan_text(SECRETS["private key"], part="setup.sh")
    assert (found.part, found.line) == ("setup.sh", 1)


@pytest.mark.parametrize("line", REFERENCES)
def test_references_are_not_secrets(line: str) -> None:
    """What names where a secret is, or has a placeholder in its place, holds none."""
    assert scan_text(line) == ()


@given(st.sampled_from(sorted(SECRETS.values())), st.text(max_size=40))
def test_what_is_found_is_never_repeated(line: str, before: str) -> None:
    """No finding holds the secret, whatever stands around it."""
    assert CANARY not in repr(scan_text(f"{before}\n{line}"))


@given(st.text(max_size=400))
def test_scanning_never_raises(text: str) -> None:
    """Any text at all is scanned, and each finding names a line that there is."""
    lines = text.count("\n") + 1
    assert all(1 <= finding.line <= lines for finding in scan_text(text))


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long(piece: str) -> None:
    """The largest user-data there may be is scanned in a moment, however it is made up."""
    text = (piece * 16384)[:16384]
    began = time.process_time()
    scan_text(text)
    assert time.process_time() - began < 2


def test_what_to_write_instead_can_be_written() -> None:
    """A name that a launch refuses, since it steers programs, is not offered for a secret."""
    named = {
        name: SecretFinding(line=1, kind="token", name=name).instead for name in ("DB", "PATH")
    }
    assert named["DB"] == "--secret DB=secretsmanager:ID"
    assert named["PATH"] == "--secret NAME=secretsmanager:ID"
