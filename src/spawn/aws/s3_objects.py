"""S3: objects that others wrote, listed and read: the log files of trails.

Each call says whose the bucket must be, since names are global.
"""

from __future__ import annotations

import zlib

from botocore.exceptions import BotoCoreError

from spawn.aws.operation import Answer, Condition, Permission, read
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

# A bucket of trails may bear any name.
LIST_OBJECTS = read("s3", "ListObjectsV2", Permission("s3:ListBucket", "arn:{partition}:s3:::*"))
# Its files may be under a customer's key, in whatever region the bucket is (KMS, "kms:ViaService").
GET_OBJECT = read(
    "s3",
    "GetObject",
    Permission("s3:GetObject", "arn:{partition}:s3:::*/AWSLogs/*"),
    Permission(
        "kms:Decrypt",
        "arn:{partition}:kms:*:{account}:key/*",
        (Condition("StringLike", "kms:ViaService", "s3.*.{domain}"),),
    ),
)

OPERATIONS = (LIST_OBJECTS, GET_OBJECT)

_GZIP = 16 + zlib.MAX_WBITS
_CHUNK_BYTES = 256 * 1024


class StoredObject(Shape, frozen=True, kw_only=True):
    """An object of a bucket."""

    key: str


def objects_question(
    bucket: str, prefix: str, *, account: str, region: str, most: int
) -> Question[tuple[StoredObject, ...]]:
    """Ask for the objects below a prefix, `most` of them at the most."""
    return Question(
        operation=LIST_OBJECTS,
        parameters={
            "Bucket": bucket,
            "Prefix": prefix,
            "ExpectedBucketOwner": account,
            "PaginationConfig": {"MaxItems": most},
        },
        region=region,
        understand=lambda answer: many(answer, "Contents", StoredObject),
        absent_codes=("NoSuchBucket",),
    )


def gzipped_question(
    bucket: str, key: str, *, account: str, region: str, most_bytes: int
) -> Question[bytes | None]:
    """Ask for what is in a gzipped object; None where it is no gzip, or more than `most_bytes`."""
    return Question(
        operation=GET_OBJECT,
        parameters={"Bucket": bucket, "Key": key, "ExpectedBucketOwner": account},
        region=region,
        understand=lambda answer: _unpacked(answer, most_bytes),
        absent_codes=("NoSuchKey", "NoSuchBucket"),
    )


def _unpacked(answer: Answer, most_bytes: int) -> bytes | None:
    unpacker, content = zlib.decompressobj(_GZIP), bytearray()
    try:
        for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
            rest = chunk
            while rest and not unpacker.eof:
                content += unpacker.decompress(rest, most_bytes + 1 - len(content))
                if len(content) > most_bytes:
                    return None
                rest = unpacker.unconsumed_tail
    except (zlib.error, BotoCoreError):
        return None
    return bytes(content) if unpacker.eof else None
