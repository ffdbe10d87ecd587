"""EC2: what an account has set for a whole region, besides what a launch asks for (`ec2`).

Shapes follow the EC2 API Reference. An answer says in `ManagedBy` where an organisation's
declarative policy decides instead of the account.
"""

from __future__ import annotations

from spawn.aws.operation import read, write

GET_INSTANCE_METADATA_DEFAULTS = read("ec2", "GetInstanceMetadataDefaults")
GET_SNAPSHOT_BLOCK = read("ec2", "GetSnapshotBlockPublicAccessState")
GET_IMAGE_BLOCK = read("ec2", "GetImageBlockPublicAccessState")
GET_ALLOWED_IMAGES = read("ec2", "GetAllowedImagesSettings")

ENABLE_EBS_ENCRYPTION_BY_DEFAULT = write("ec2", "EnableEbsEncryptionByDefault")
MODIFY_INSTANCE_METADATA_DEFAULTS = write("ec2", "ModifyInstanceMetadataDefaults")
ENABLE_SNAPSHOT_BLOCK = write("ec2", "EnableSnapshotBlockPublicAccess")
ENABLE_IMAGE_BLOCK = write("ec2", "EnableImageBlockPublicAccess")
REPLACE_IMAGE_CRITERIA = write("ec2", "ReplaceImageCriteriaInAllowedImagesSettings")
ENABLE_ALLOWED_IMAGES = write("ec2", "EnableAllowedImagesSettings")

OPERATIONS = (
    GET_INSTANCE_METADATA_DEFAULTS,
    GET_SNAPSHOT_BLOCK,
    GET_IMAGE_BLOCK,
    GET_ALLOWED_IMAGES,
    ENABLE_EBS_ENCRYPTION_BY_DEFAULT,
    MODIFY_INSTANCE_METADATA_DEFAULTS,
    ENABLE_SNAPSHOT_BLOCK,
    ENABLE_IMAGE_BLOCK,
    REPLACE_IMAGE_CRITERIA,
    ENABLE_ALLOWED_IMAGES,
)
