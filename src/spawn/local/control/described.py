"""Resources as condition keys describe them: EC2's attributes, and other services' tags.

Source: the tables of condition keys in AWS's Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spawn.local.control import account


def ec2_keys(resource_id: str, region: str) -> Mapping[str, str]:
    """What condition keys tell of an EC2 resource beside its tags; nothing of an unknown one."""
    describe = _DESCRIBED.get(resource_id.split("-", 1)[0])
    backend = account.ec2(region)
    if describe is None:
        pair = account.find_key_pair(resource_id, region)
        found = _key_pair(pair) if pair is not None else {}
    else:
        found = describe(backend, resource_id)
    return {f"ec2:{key}": str(value) for key, value in found.items() if value is not None}


def _key_pair(pair: Any) -> dict[str, Any]:
    return {"keypairname": pair.key_name, "keypairtype": pair.key_type}


def _instance(backend: Any, instance_id: str) -> dict[str, Any]:
    instance = next((i for i in account.instances_of(backend) if i.id == instance_id), None)
    if instance is None:
        return {"instanceid": instance_id}
    association = backend.iam_instance_profile_associations.get(instance_id)
    options = instance.metadata_options
    return {
        "instanceid": instance_id,
        "instancetype": instance.instance_type,
        "availabilityzone": _zone(instance),
        "instanceprofile": association.iam_instance_profile.arn if association else None,
        "metadatahttpendpoint": getattr(options, "http_endpoint", None),
        "metadatahttpputresponsehoplimit": getattr(options, "http_put_response_hop_limit", None),
        "metadatahttptokens": getattr(options, "http_tokens", None),
        "rootdevicetype": "ebs",
        "tenancy": "default",
    }


def _zone(instance: Any) -> str | None:
    placement = getattr(instance, "_placement", None)
    return str(placement.zone) if placement is not None else None


def _association(backend: Any, association_id: str) -> dict[str, Any]:
    found = (
        instance_id
        for instance_id, each in backend.iam_instance_profile_associations.items()
        if each.id == association_id
    )
    instance_id = next(found, None)
    return {"instanceid": instance_id} if instance_id else {}


def _image(backend: Any, image_id: str) -> dict[str, Any]:
    image = backend.amis.get(image_id)
    if image is None:
        return {}
    alias = getattr(image, "owner_alias", None)
    return {
        "imageid": image_id,
        "imagetype": "machine",
        "owner": alias or image.owner_id,
        "public": "true" if image.is_public else "false",
        "rootdevicetype": "ebs",
    }


def _subnet(backend: Any, subnet_id: str) -> dict[str, Any]:
    subnets = (zone[subnet_id] for zone in backend.subnets.values() if subnet_id in zone)
    subnet = next(subnets, None)
    if subnet is None:
        return {}
    return {
        "availabilityzone": subnet.availability_zone,
        "subnet": _arn(backend, f"subnet/{subnet_id}"),
        "subnetid": subnet_id,
        "vpc": _arn(backend, f"vpc/{subnet.vpc_id}"),
    }


def _group(backend: Any, group_id: str) -> dict[str, Any]:
    groups = (of_vpc[group_id] for of_vpc in backend.groups.values() if group_id in of_vpc)
    group = next(groups, None)
    vpc = _arn(backend, f"vpc/{group.vpc_id}") if group is not None else None
    return {"securitygroupid": group_id, "vpc": vpc}


def _volume(backend: Any, volume_id: str) -> dict[str, Any]:
    volume = backend.volumes.get(volume_id)
    if volume is None:
        return {}
    return {
        "availabilityzone": volume.zone.name,
        "encrypted": "true" if volume.encrypted else "false",
        "volumeid": volume_id,
        "volumesize": volume.size,
        "volumetype": volume.volume_type,
    }


def _snapshot(backend: Any, snapshot_id: str) -> dict[str, Any]:
    snapshot = backend.snapshots.get(snapshot_id)
    if snapshot is None:
        return {}
    return {"owner": snapshot.owner_id, "snapshotid": snapshot_id}


def _interface(backend: Any, interface_id: str) -> dict[str, Any]:
    interface = backend.enis.get(interface_id)
    if interface is None:
        return {}
    return {
        "availabilityzone": interface.subnet.availability_zone,
        "networkinterfaceid": interface_id,
        "subnet": _arn(backend, f"subnet/{interface.subnet.id}"),
        "vpc": _arn(backend, f"vpc/{interface.subnet.vpc_id}"),
    }


def _vpc(_backend: Any, vpc_id: str) -> dict[str, Any]:
    return {"vpcid": vpc_id}


def _arn(backend: Any, resource: str) -> str:
    base = f"arn:{account.PARTITION}:ec2:{backend.region_name}:{account.ACCOUNT_ID}"
    return f"{base}:{resource}"


_DESCRIBED: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "ami": _image,
    "eni": _interface,
    "i": _instance,
    "iip": _association,
    "sg": _group,
    "snap": _snapshot,
    "subnet": _subnet,
    "vol": _volume,
    "vpc": _vpc,
}


def service_tags(service: str, name: str, region: str) -> Mapping[str, str]:
    """The tags of another service's resource, by its ARN or its name; none of an unknown one."""
    find = _TAGGED.get(service)
    return {str(k): str(v) for k, v in find(name, region).items()} if find else {}


def _queue_tags(name: str, region: str) -> Mapping[str, Any]:
    queue = account.sqs(region).queues.get(name.rsplit(":", 1)[-1])
    return queue.tags if queue is not None else {}


def _secret_tags(name: str, region: str) -> Mapping[str, Any]:
    for secret in account.secrets(region).secrets.values():
        if name in {secret.arn, secret.name}:
            return {tag["Key"]: tag["Value"] for tag in secret.tags or ()}
    return {}


def _of_tagger(backend: Any, arn: str) -> Mapping[str, Any]:
    tags: Mapping[str, Any] = backend.tagger.get_tag_dict_for_resource(arn)
    return tags


_TAGGED: dict[str, Callable[[str, str], Mapping[str, Any]]] = {
    "ecr": lambda arn, region: _of_tagger(account.ecr(region), arn),
    "kms": lambda arn, region: _of_tagger(account.kms(region), arn.rsplit("/", 1)[-1]),
    "logs": lambda arn, region: _of_tagger(account.logs(region), arn),
    "secretsmanager": _secret_tags,
    "sqs": _queue_tags,
}
