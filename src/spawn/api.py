"""spawn from Python: the same launch as the command's, and an instance that can be used.

    with spawn.launch(name="box", iam_policy=["s3:ReadOnly@my-bucket"]) as box:
        print(box.run(["uname", "-a"]).stdout)

Leaving the block ends the instance, whatever happened in it; so does its end date, an hour from
now unless another is given, should this process not live to do so. Everything raised is one of
`spawn.core.errors`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import TracebackType
from typing import TypeVar

from spawn.cli.assembly import (
    held_to_floor,
    own_public_key,
    own_trust,
    perform_launch,
    planner,
)
from spawn.cli.ending import end_launched, extend_launched
from spawn.cli.finding import everything
from spawn.cli.options import Account, AccountWords, account_of
from spawn.cli.progress import Silence
from spawn.cli.settings import organisation_parameter, sources_of
from spawn.cli.ways import way_to
from spawn.cli.wiring import Wiring, wiring_of
from spawn.connect.connect import run
from spawn.connect.patience import in_silence
from spawn.connect.programs import Completed
from spawn.core.endings import End
from spawn.core.errors import InputError, PartlyDone, SpawnError
from spawn.core.levels import Level
from spawn.core.tags import check_tags
from spawn.images.catalog import OperatingSystem
from spawn.launch.spec import (
    DEFAULT_INSTANCE_TYPE,
    Completion,
    EndAction,
    Idle,
    LaunchSpec,
    MetadataOptions,
    PreStop,
    Waiver,
)
from spawn.lifecycle.listed import ListedInstance
from spawn.secrets.references import SecretReference, parse_references

__all__ = [
    "Completion",
    "EndAction",
    "Idle",
    "Instance",
    "MetadataOptions",
    "PreStop",
    "SpawnError",
    "launch",
    "list_instances",
]

# A program that forgets its instance, or dies, pays for an hour and not for a working day.
DEFAULT_TTL = timedelta(hours=1)
M = TypeVar("M", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance that this process launched. As a context manager it ends with its block."""

    id: str
    name: str
    region: str
    zone: str
    public_ip: str
    private_ip: str
    expires_at: datetime  # as it was launched
    login_user: str | None
    warnings: tuple[str, ...]
    _wiring: Wiring
    _account: Account

    def run(
        self, command: Sequence[str], *, stdin: bytes = b"", timeout: timedelta | None = None
    ) -> Completed:
        """Run a command over SSH, its words exactly as given; wait for the boot where needed.

        Returns its exit code and what it wrote, as bytes. Raises AccountError where there is no
        connection, or no end within `timeout`.
        """
        way, patience = way_to(
            self._wiring,
            self._account,
            self.id,
            region=self.region,
            user=self.login_user,
            progress=in_silence,
        )
        seconds = None if timeout is None else timeout.total_seconds()
        return run(way, command, stdin=stdin, timeout_seconds=seconds, patience=patience)

    def extend(self, longer: timedelta) -> datetime:
        """Put its end off by so long from the end date it has by then; return the new one.

        Raises RefusedByControl beyond 30 days, an organisation's limit, or for what is held.
        """
        return extend_launched(
            self._wiring, self._account, self.id, region=self.region, longer=longer
        )

    def cancel(self) -> None:
        """End it now; nothing happens where it has ended. Raises AwsRefusal and its branches."""
        end_launched(self._wiring, self._account, self.id, region=self.region)

    def __enter__(self) -> Instance:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()


def launch(
    *,
    instance_type: str | Sequence[str] = DEFAULT_INSTANCE_TYPE,
    ttl: timedelta = DEFAULT_TTL,
    name: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    assume_role: str | None = None,
    local: bool = False,
    security: str = "standard",
    ami: str | None = None,
    os: str | None = None,
    az: str | Sequence[str] = (),
    spot: bool = False,
    spot_max_price: Decimal | None = None,
    max_cost: Decimal | None = None,
    key_pair: str | None = None,
    security_groups: Sequence[str] = (),
    ssh_from: Sequence[str] = (),
    vpc: str | None = None,
    subnet: str | None = None,
    public_ip: bool | None = None,
    private_ip: str | None = None,
    encrypt_volumes: bool | None = None,
    kms_key_id: str | None = None,
    volume_size_gib: int | None = None,
    volume_type: str | None = None,
    metadata_options: MetadataOptions | None = None,
    tags: Mapping[str, str] | None = None,
    user_data: bytes | str | None = None,
    iam_policy: Sequence[str] = (),
    iam_policy_document: str | None = None,
    iam_managed_policies: Sequence[str] = (),
    iam_role: str | None = None,
    permissions_boundary: str | None = None,
    pre_stop: PreStop | None = None,
    idle: Idle | None = None,
    completion: Completion | None = None,
    hibernation: bool = False,
    dns_name: str | None = None,
    dns_zone: str | None = None,
    ship_logs: bool = False,
    ssh_ca: bool = False,
    secrets: Mapping[str, str] | None = None,
    secrets_in_environment: Mapping[str, str] | None = None,
    secret_user: str | None = None,
    allow: Mapping[str, str] | None = None,
    on_expiry: str = "terminate",
) -> Instance:
    """Launch an instance and return it, running and checked.

    Parameters are the flags of `spawn launch`; `allow` gives the reason by the control's id, and
    `secrets` the reference by the secret's name: {"API_KEY": "secretsmanager:myapp/api-key"}.
    `secrets_in_environment` is `--secret-env`.
    Raises one of `spawn.core.errors`; what was made for this launch alone is gone by then, or
    named in the error's `aftermath`.
    """
    wiring = wiring_of(sys.stdout, sys.stderr, sys.stdin)
    launch_id = wiring.new_launch_id()
    account = account_of(
        wiring,
        AccountWords(region=region, profile=profile, assume_role=assume_role, local=local),
        user_agent_extra=f"launch/{launch_id}",
    )
    spec = LaunchSpec(
        region=account.region,
        instance_types=_several(instance_type),
        ami=ami,
        os=None if os is None else _member(OperatingSystem, os, parameter="os"),
        zones=_several(az),
        spot=spot,
        spot_max_price=spot_max_price,
        max_cost=max_cost,
        name=name,
        ttl=ttl,
        security=_member(Level, security, parameter="security"),
        key_pair=key_pair,
        public_key="" if key_pair or ssh_ca else own_public_key(wiring),
        security_groups=tuple(security_groups),
        ssh_from=tuple(ssh_from),
        vpc=vpc,
        subnet=subnet,
        public_ip=public_ip,
        private_ip=private_ip,
        encrypt_volumes=encrypt_volumes,
        kms_key_id=kms_key_id,
        volume_size_gib=volume_size_gib,
        volume_type=volume_type,
        metadata=metadata_options or MetadataOptions(),
        tags=check_tags(tags or {}, flag="tags"),
        user_data=user_data.encode() if isinstance(user_data, str) else user_data,
        iam_policies=tuple(iam_policy),
        iam_policy_document=iam_policy_document,
        iam_managed_policies=tuple(iam_managed_policies),
        iam_role=iam_role,
        permissions_boundary=permissions_boundary,
        waivers=tuple(
            Waiver(control=control, reason=reason) for control, reason in (allow or {}).items()
        ),
        pre_stop=pre_stop,
        idle=idle,
        completion=completion,
        hibernation=hibernation,
        on_expiry=_member(End, on_expiry, parameter="on_expiry"),
        dns_name=dns_name,
        dns_zone=dns_zone,
        ship_logs=ship_logs,
        ssh_ca=own_trust(wiring) if ssh_ca else None,
        secrets=(
            *_references(secrets, parameter="secrets", in_environment=False),
            *_references(
                secrets_in_environment, parameter="secrets_in_environment", in_environment=True
            ),
        ),
        secret_user=secret_user,
    )
    return _launched(wiring, account, spec, launch_id)


def _launched(wiring: Wiring, account: Account, spec: LaunchSpec, launch_id: str) -> Instance:
    parameter = organisation_parameter(sources_of(wiring))
    replan = planner(
        wiring,
        account,
        held_to_floor(spec, place="this program", parameter=parameter),
        parameter=parameter,
        launch_id=launch_id,
        now=wiring.clock.now(),
    )
    done = perform_launch(wiring, account, replan(), replan=replan, progress=Silence())
    found = done.arrived[0].instance
    return Instance(
        id=found.instance_id,
        name=spec.name or "",
        region=account.region,
        zone=found.placement.availability_zone,
        public_ip=found.public_ip_address,
        private_ip=found.private_ip_address,
        expires_at=done.plan.expires_at,
        login_user=done.plan.login_user,
        warnings=done.warnings,
        _wiring=wiring,
        _account=account,
    )


def _references(
    by_name: Mapping[str, str] | None, *, parameter: str, in_environment: bool
) -> tuple[SecretReference, ...]:
    texts = [f"{name}={source}" for name, source in (by_name or {}).items()]
    return parse_references(texts, flag=parameter, in_environment=in_environment)


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _member(kind: type[M], value: str, *, parameter: str) -> M:
    if value not in tuple(kind):
        raise InputError(
            f"{parameter} {value!r} is not known", why=f"write one of {', '.join(kind)}"
        )
    return kind(value)


def list_instances(
    *,
    region: str | None = None,
    profile: str | None = None,
    assume_role: str | None = None,
    local: bool = False,
) -> tuple[ListedInstance, ...]:
    """Return spawn's living instances, the caller's own first; without `region` of all regions.

    Raises PartlyDone where a region can't be seen: a list without it would look whole.
    """
    wiring = wiring_of(sys.stdout, sys.stderr, sys.stdin)
    account = account_of(
        wiring, AccountWords(region=region, profile=profile, assume_role=assume_role, local=local)
    )
    _, listing = everything(wiring, account, region=region)
    if listing.failed_regions:
        names = ", ".join(failed.region for failed in listing.failed_regions)
        raise PartlyDone(f"{names} could not be seen", why=listing.failed_regions[0].why)
    return tuple(row for row in listing.instances if not row.has_ended)
