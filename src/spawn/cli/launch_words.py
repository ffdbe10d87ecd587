"""The words of `spawn launch` into a `LaunchSpec`: files are read here, nothing is looked up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from spawn.cli.ending_words import completion, idle, pre_stop, separated
from spawn.connect.ssh_ca.trust import SshTrust
from spawn.core.durations import parse_duration
from spawn.core.endings import End
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.core.levels import Level
from spawn.core.tags import parse_tags
from spawn.images.catalog import OperatingSystem
from spawn.launch.spec import LaunchSpec, MetadataOptions, Waiver, parse_metadata_options
from spawn.prices.money import parse_usd
from spawn.secrets.references import SecretReference, parse_references

# A policy or a script that is larger is not one; EC2 and IAM take far less.
LARGEST_FILE_BYTES = 4 * 1024 * 1024


def spec_of(
    words: Mapping[str, Any],
    *,
    region: str,
    public_key: str,
    find_trust: Callable[[], SshTrust] | None = None,
) -> LaunchSpec:
    """Return what the flags ask for. `words` are the command's parameters by name.

    `find_trust` is asked for this machine's authority where certificates are to be admitted.
    Raises InputError or NamedThingNotFound, naming the flag, for what can't be meant.
    """
    ttl, options = words["ttl"], words["metadata_options"]
    return LaunchSpec(
        region=region,
        instance_types=separated((words["instance_type"],)),
        ami=words["ami"],
        os=None if words["os_"] is None else OperatingSystem(words["os_"]),
        agent=words["agent"],
        zones=separated(words["az"]),
        count=words["count"],
        min_count=words["min_count"],
        spot=words["spot"],
        spot_max_price=_usd(words["spot_max_price"], flag="--spot-max-price"),
        max_cost=_usd(words["max_cost"], flag="--max-cost"),
        name=words["name"],
        ttl=None if ttl is None else parse_duration(ttl, flag="--ttl"),
        security=Level(words["security"]),
        key_pair=words["key_pair"],
        public_key="" if words["key_pair"] or words["ssh_ca"] else public_key,
        security_groups=separated(words["security_groups"]),
        ssh_from=separated(words["ssh_from"]),
        vpc=words["vpc"],
        subnet=words["subnet"],
        public_ip=words["public_ip"],
        private_ip=words["private_ip"],
        encrypt_volumes=words["encrypt_volumes"],
        kms_key_id=words["kms_key_id"],
        volume_size_gib=words["volume_size"],
        volume_type=words["volume_type"],
        metadata=parse_metadata_options(options, flag="--metadata-options")
        if options is not None
        else MetadataOptions(),
        tags=parse_tags(words["tags"], flag="--tags"),
        user_data=_user_data(words["user_data"], words["user_data_file"]),
        iam_policies=separated(words["iam_policy"]),
        iam_policy_document=_policy_document(words["iam_policy_file"]),
        iam_managed_policies=separated(words["iam_managed_policies"]),
        iam_role=words["iam_role"],
        permissions_boundary=words["permissions_boundary"],
        waivers=_waivers(words["allow"], words["reason"]),
        pre_stop=pre_stop(words),
        idle=idle(words),
        completion=completion(words),
        hibernation=words["hibernation"],
        on_expiry=End(words["on_expiry"]),
        dns_name=words["dns_name"],
        dns_zone=words["dns_zone"],
        ship_logs=words["ship_logs"],
        ssh_ca=find_trust() if words["ssh_ca"] and find_trust is not None else None,
        secrets=_secrets(words),
        secret_user=words["secret_user"],
    )


def _secrets(words: Mapping[str, Any]) -> tuple[SecretReference, ...]:
    """An empty word is no reference: a script's variable that is unset asks for a secret too."""
    in_file, in_variable = (
        [word.strip() for text in words[key] for word in text.split(",")]
        for key in ("secret", "secret_env")
    )
    return (
        *parse_references(in_file, flag="--secret", in_environment=False),
        *parse_references(in_variable, flag="--secret-env", in_environment=True),
    )


def _usd(text: str | None, *, flag: str) -> Decimal | None:
    return None if text is None else parse_usd(text, flag=flag)


def _user_data(text: str | None, path: str | None) -> bytes | None:
    if text is not None and path is not None:
        raise InputError("--user-data and --user-data-file exclude each other", why="give one")
    if text is not None and text.startswith("@"):
        return read_file(text[1:], flag="--user-data")
    if text is not None:
        return text.encode()
    return None if path is None else read_file(path, flag="--user-data-file")


def _policy_document(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        return read_file(path, flag="--iam-policy-file").decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"--iam-policy-file {path} is not text", why="policy documents are JSON in UTF-8"
        ) from error


def _waivers(controls: tuple[str, ...], reason: str | None) -> tuple[Waiver, ...]:
    ids = separated(controls)
    if ids and not (reason and reason.strip()):
        raise InputError("--allow needs --reason", why="a waiver is recorded with its reason")
    if reason is not None and not ids:
        raise InputError("--reason needs --allow", why="it says why a control may fail")
    return tuple(Waiver(control=one, reason=(reason or "").strip()) for one in ids)


def read_file(path: str, *, flag: str) -> bytes:
    """Read a file, or standard input for "-"."""
    try:
        place = Path(os.path.expanduser(path))  # noqa: PTH111  it leaves an unknown ~user as it is
        with sys.stdin.buffer if path == "-" else place.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise NamedThingNotFound(
            f"{flag} {path} can't be read", why=error.strerror or type(error).__name__
        ) from error
    if len(content) > LARGEST_FILE_BYTES:
        raise InputError(f"{flag} {path} is larger than {LARGEST_FILE_BYTES} bytes")
    return content
