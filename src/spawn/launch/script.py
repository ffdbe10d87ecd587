"""A script that user-data has no room for: put into a bucket, fetched by the instance. Pure.

User-data holds where it is, how long it is and its SHA-256, and the role may read that one object:
whoever could change the object can't change what the instance runs.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from dataclasses import dataclass

from spawn.aws import s3
from spawn.core.errors import InputError
from spawn.core.steps import Step
from spawn.iam.documents import Statement, allow
from spawn.launch import endpoints
from spawn.launch.bucket import SCRIPTS, Bucket
from spawn.launch.secrets import held_back
from spawn.launch.spec import LaunchSpec
from spawn.launch.userdata import MOST_BYTES, as_script, packed, unpacked

# The modules that travel with it.
PROGRAMS = ("fetch", "calling", "signing")
# By how much user-data may still grow once all about the instance is known: its end date, and the
# id of a hosted zone, which is not one that was ever compressed before.
MARGIN_BYTES = 128


@dataclass(frozen=True, kw_only=True)
class StagedScript:
    """A script that is put into the bucket, as it is to be run."""

    text: bytes

    @property
    def sha256(self) -> str:
        """Its digest, in hex."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def key(self) -> str:
        """Where it lies in the bucket."""
        return f"{SCRIPTS}{self.sha256}"


def staged_script(spec: LaunchSpec, boothook: bytes) -> StagedScript | None:
    """Return the person's script, where it does not fit into user-data behind the boothook.

    None for what fits, and for what can't be fetched, since it is no script: for that `assemble`
    says what is wrong. Raises InputError where the role could not be let read it.
    """
    flag = "--user-data"
    if spec.user_data is None or not spec.agent:
        return None
    sent = held_back(spec, spec.user_data)
    if len(packed(boothook, sent, flag=flag)) + MARGIN_BYTES <= MOST_BYTES:
        return None
    text = as_script(unpacked(spec.user_data, flag=flag))
    if text is None:
        return None
    if spec.iam_role is not None:
        raise InputError(
            f"{flag} is too large for user-data, and --iam-role keeps it from being fetched",
            why="it would be read from a bucket, which your own role may not be allowed: leave out "
            "--iam-role, or have a short script fetch it",
        )
    return StagedScript(text=text)


def fetching_script(script: StagedScript, bucket: Bucket) -> bytes:
    """Return what stands in user-data in its place."""
    service = endpoints.regional("s3", partition=bucket.partition, region=bucket.region)
    path = f"/{bucket.name}/{script.key}"
    words = (service, bucket.account, f"{len(script.text)}", path)
    return f"#!/bin/sh\nexec /usr/local/bin/spored fetch {shlex.join(words)}\n".encode("ascii")


def script_statement(script: StagedScript, bucket: Bucket) -> Statement:
    """Return what lets the instance read its script, and nothing else in the bucket."""
    return allow(("s3:GetObject",), (f"arn:{bucket.partition}:s3:::{bucket.name}/{script.key}",))


def script_step(script: StagedScript, bucket: Bucket) -> Step:
    """Return the step that puts it there. Its digest is its key: twice is as good as once.

    It is encrypted with S3's own key, which reading it needs no other permission for.
    """
    digest = base64.b64encode(hashlib.sha256(script.text).digest()).decode("ascii")
    return bucket.step(
        s3.PUT_OBJECT,
        f"put the script there, {len(script.text)} bytes",
        Key=script.key,
        Body=script.text,
        ChecksumSHA256=digest,
        ServerSideEncryption="AES256",
    )


def script_words(script: StagedScript, bucket: Bucket) -> str:
    """Say what becomes of it."""
    return (
        f"too large for user-data: fetched at boot from s3://{bucket.name}/{SCRIPTS}"
        f"{script.sha256[:12]}…, pinned by its SHA-256"
    )
