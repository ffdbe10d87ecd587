"""What the instance metadata service answers: a pure function of instance, request and time.

The rules are those of
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html.
Who asks is known by the address they ask from; what serves this to a socket is
`metadata_server`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from spawn.local.plane.instance_connect import active_keys
from spawn.local.world import Instance, Interface, RoleCredentials, SpotNotice

# Versions that EC2 lists at "/"; any date is answered alike.
VERSIONS = ("1.0", "2007-01-19", "2016-09-02", "2021-03-23", "2024-04-11", "latest")
_VERSION = re.compile(r"latest|1\.0|\d{4}-\d{2}-\d{2}")
_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN_HEADER = "x-aws-ec2-metadata-token"  # noqa: S105 - the name of a header
_LONGEST_TTL_SECONDS = 21600

Tree = Mapping[str, "Tree | str"]


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """One HTTP answer. `hop_limit` is the IP TTL that its packets carry, None for the usual."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    hop_limit: int | None = None


def answer(instance: Instance, request: Request, *, key: bytes, now: datetime) -> Response:
    """Answer one request of an instance. `key` signs session tokens and is kept by the server."""
    if instance.metadata_fails:
        return _failure(HTTPStatus.SERVICE_UNAVAILABLE)
    if instance.metadata.http_endpoint != "enabled":
        return _failure(HTTPStatus.FORBIDDEN)
    if request.path.partition("?")[0] == "/latest/api/token":
        return _answer_token(instance, request, key=key, now=now)
    if request.method not in ("GET", "HEAD"):
        return _failure(HTTPStatus.METHOD_NOT_ALLOWED)
    if not _may_read(instance, request.headers.get(_TOKEN_HEADER), key=key, now=now):
        return _failure(HTTPStatus.UNAUTHORIZED)
    return _look_up(instance, request.path.partition("?")[0], now=now)


def _failure(status: HTTPStatus) -> Response:
    title = f"{status.value} - {status.phrase}"
    page = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
        f" <head>\n  <title>{title}</title>\n </head>\n"
        f" <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    )
    return Response(status=status, body=page.encode(), content_type="text/html")


def _answer_token(instance: Instance, request: Request, *, key: bytes, now: datetime) -> Response:
    if request.method != "PUT":
        return _failure(HTTPStatus.METHOD_NOT_ALLOWED)
    # A proxy that was talked into forwarding the request adds this header.
    if "x-forwarded-for" in request.headers:
        return _failure(HTTPStatus.FORBIDDEN)
    text = request.headers.get(_TTL_HEADER, "")
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= _LONGEST_TTL_SECONDS:
        return _failure(HTTPStatus.BAD_REQUEST)
    expiry_seconds = int(now.timestamp()) + int(text)
    return Response(
        status=HTTPStatus.OK,
        body=_token(instance, expiry_seconds, key=key).encode(),
        headers={"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": text},
        hop_limit=instance.metadata.http_put_response_hop_limit,
    )


def _token(instance: Instance, expiry_seconds: int, *, key: bytes) -> str:
    """A session token: its expiry, and a MAC that binds it to one instance."""
    expiry = expiry_seconds.to_bytes(8, "big")
    mac = hmac.digest(key, expiry + instance.instance_id.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(expiry + mac).decode()


def _may_read(instance: Instance, token: str | None, *, key: bytes, now: datetime) -> bool:
    if token is None:
        return instance.metadata.http_tokens == "optional"
    return _is_valid(token, instance, key=key, now=now)


def _is_valid(token: str, instance: Instance, *, key: bytes, now: datetime) -> bool:
    try:
        expiry_seconds = int.from_bytes(base64.urlsafe_b64decode(token)[:8], "big")
    except ValueError:
        return False
    if expiry_seconds <= now.timestamp() or expiry_seconds >= 1 << 63:
        return False
    return hmac.compare_digest(token.encode(), _token(instance, expiry_seconds, key=key).encode())


def _look_up(instance: Instance, path: str, *, now: datetime) -> Response:
    parts = [part for part in path.split("/") if part]
    if not parts:
        return _text("\n".join(VERSIONS))
    if not _VERSION.fullmatch(parts[0]):
        return _failure(HTTPStatus.NOT_FOUND)
    if parts[1:] == ["user-data"]:
        return _user_data(instance)
    if parts[1:] == ["meta-data", "public-keys"] and instance.public_keys:
        names = [name for name, _ in instance.public_keys]
        return _text("\n".join(f"{index}={name}" for index, name in enumerate(names)))
    node: Tree | str = _tree(instance, now)
    for part in parts[1:]:
        if isinstance(node, str) or part not in node:
            return _failure(HTTPStatus.NOT_FOUND)
        node = node[part]
    return _text(node if isinstance(node, str) else _listing(node))


def _text(text: str) -> Response:
    return Response(status=HTTPStatus.OK, body=text.encode())


def _listing(tree: Tree) -> str:
    return "\n".join(
        name if isinstance(child, str) else f"{name}/" for name, child in sorted(tree.items())
    )


def _user_data(instance: Instance) -> Response:
    if instance.user_data is None:
        return _failure(HTTPStatus.NOT_FOUND)
    return Response(
        status=HTTPStatus.OK,
        body=base64.b64decode(instance.user_data),
        content_type="application/octet-stream",
    )


def _tree(instance: Instance, now: datetime) -> Tree:
    tree: dict[str, Tree | str] = {
        "dynamic": {"instance-identity": {"document": _identity_document(instance)}},
        "meta-data": _meta_data(instance, now),
    }
    return tree if instance.user_data is None else tree | {"user-data": ""}


def _meta_data(instance: Instance, now: datetime) -> Tree:
    primary = instance.interfaces[0]
    sent_keys = active_keys(instance, now)
    values: dict[str, Tree | str | None] = {
        "ami-id": instance.image_id,
        "ami-launch-index": str(instance.launch_index),
        "events": _events(instance),
        "hostname": private_dns_name(instance),
        "iam": _iam(instance.credentials) if instance.credentials else None,
        "instance-action": "none",
        "instance-id": instance.instance_id,
        "instance-life-cycle": instance.life_cycle,
        "instance-type": instance.instance_type,
        "local-hostname": private_dns_name(instance),
        "local-ipv4": primary.private_ip,
        "mac": primary.mac,
        "managed-ssh-keys": {"active-keys": sent_keys} if sent_keys else None,
        "network": {
            "interfaces": {
                "macs": {
                    each.mac: _interface(instance, each, index)
                    for index, each in enumerate(instance.interfaces)
                }
            }
        },
        "placement": {
            "availability-zone": instance.availability_zone,
            "region": instance.region,
        },
        "public-ipv4": primary.public_ip,
        "public-keys": _public_keys(instance) or None,
        "reservation-id": instance.reservation_id,
        "security-groups": _group_names(primary),
        "services": {"domain": _domain(instance), "partition": instance.partition},
        "spot": _spot(instance.spot_notice) if instance.spot_notice else None,
        "tags": _tags(instance),
    }
    return {name: value for name, value in values.items() if value is not None}


def private_dns_name(instance: Instance) -> str:
    """The instance's own name in its VPC, such as ip-10-0-0-5.ec2.internal."""
    host = "ip-" + instance.interfaces[0].private_ip.replace(".", "-")
    # us-east-1 is the one region that has no name of its own here.
    zone = "ec2" if instance.region == "us-east-1" else f"{instance.region}.compute"
    return f"{host}.{zone}.internal"


def _domain(instance: Instance) -> str:
    return "amazonaws.com.cn" if instance.partition == "aws-cn" else "amazonaws.com"


def _group_names(interface: Interface) -> str:
    return "\n".join(group.group_name or group.group_id for group in interface.groups)


def _interface(instance: Instance, interface: Interface, index: int) -> Tree:
    values = {
        "device-number": str(index),
        "interface-id": interface.interface_id,
        "local-hostname": private_dns_name(instance),
        "local-ipv4s": interface.private_ip,
        "mac": interface.mac,
        "owner-id": instance.account_id,
        "public-ipv4s": interface.public_ip,
        "security-group-ids": "\n".join(group.group_id for group in interface.groups),
        "security-groups": _group_names(interface),
        "subnet-id": interface.subnet_id,
        "vpc-id": interface.vpc_id,
    }
    return {name: value for name, value in values.items() if value is not None}


def _public_keys(instance: Instance) -> Tree:
    return {
        str(index): {"openssh-key": line} for index, (_, line) in enumerate(instance.public_keys)
    }


def _iam(credentials: RoleCredentials) -> Tree:
    info = {
        "Code": "Success",
        "LastUpdated": credentials.last_updated,
        "InstanceProfileArn": credentials.instance_profile_arn,
        "InstanceProfileId": credentials.instance_profile_id,
    }
    vended = {
        "Code": "Success",
        "LastUpdated": credentials.last_updated,
        "Type": "AWS-HMAC",
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "Token": credentials.token,
        "Expiration": credentials.expiration,
    }
    return {
        "info": json.dumps(info, indent=2),
        "security-credentials": {credentials.role_name: json.dumps(vended, indent=2)},
    }


def _events(instance: Instance) -> Tree:
    events: dict[str, Tree | str] = {"maintenance": {"history": "[]", "scheduled": "[]"}}
    if instance.rebalance_notice:
        notice = json.dumps({"noticeTime": instance.rebalance_notice})
        events["recommendations"] = {"rebalance": notice}
    return events


def _spot(notice: SpotNotice) -> Tree:
    action = {"instance-action": json.dumps({"action": notice.action, "time": notice.time})}
    if notice.action == "terminate":
        return action | {"termination-time": notice.time}
    return action


def _tags(instance: Instance) -> Tree | None:
    if instance.metadata.instance_metadata_tags != "enabled":
        return None
    return {"instance": instance.tags}


def _identity_document(instance: Instance) -> str:
    document = {
        "accountId": instance.account_id,
        "architecture": instance.architecture,
        "availabilityZone": instance.availability_zone,
        "billingProducts": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "imageId": instance.image_id,
        "instanceId": instance.instance_id,
        "instanceType": instance.instance_type,
        "kernelId": None,
        "pendingTime": instance.launch_time,
        "privateIp": instance.interfaces[0].private_ip,
        "ramdiskId": None,
        "region": instance.region,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2)
