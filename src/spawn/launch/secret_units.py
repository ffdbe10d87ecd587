"""What the boothook does for secrets: two units, and variables that name files. Pure.

spored-imds     keeps others from metadata, early in each boot: before what users start there
spored-secrets  fetches: not in the agent's unit, which may neither give a file away nor touch rules
                of the network, and must be able to end the machine whatever else hangs

The variables hold paths, which are no secret. Who logs in is given /etc/environment by pam_env, and
so is who runs a single command over SSH, whose shell reads no profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spawn.core.errors import Defect

_PLACE = "/run/spored/secrets"
# Lines of ours are known by their value: the file is the person's, too.
_VARIABLES = """{ grep -v =@PLACE@/ etc/environment
cat <<'EOF'
@LINES@EOF
} 2>/dev/null | put etc/environment
"""
_HARDENING = """NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectHostname=yes
PrivateDevices=yes
PrivateTmp=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""
_IMDS = f"""[Unit]
Description=spored: who reaches metadata
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$python -ISB /opt/spored imds
CapabilityBoundingSet=CAP_NET_ADMIN
RestrictAddressFamilies=AF_UNIX AF_NETLINK
{_HARDENING}[Install]
WantedBy=sysinit.target
"""
# Longer than `spored.deliver` takes at the most. No image of the process is ever written to disk.
_SECRETS = f"""[Unit]
Description=spored: secrets
Wants=spored-imds.service
After=spored-imds.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$python -ISB /opt/spored secrets load
TimeoutStartSec=450
LimitCORE=0
RuntimeDirectory=spored
RuntimeDirectoryPreserve=yes
CapabilityBoundingSet=CAP_CHOWN CAP_NET_ADMIN
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
{_HARDENING}[Install]
WantedBy=multi-user.target
"""
_UNITS = f"""put etc/systemd/system/spored-imds.service <<EOF
{_IMDS}EOF
put etc/systemd/system/spored-secrets.service <<EOF
{_SECRETS}EOF
mkdir -p etc/systemd/system/multi-user.target.wants
ln -sf /etc/systemd/system/spored-imds.service etc/systemd/system/sysinit.target.wants/
ln -sf /etc/systemd/system/spored-secrets.service etc/systemd/system/multi-user.target.wants/
"""
_NONE = ("", "", "", "")


def secret_lines(secrets: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    """Return what the boothook does for them, four parts of it, each "" where there are none.

    What it does in any case; with systemd, units, and what of them is started; without, what runs.
    """
    if secrets is None:
        return _NONE
    names = [str(secret["name"]) for secret in secrets["secrets"]]
    if not all(name.isascii() and name.isidentifier() for name in names):
        raise Defect(f"no names of variables: {names}")
    lines = "".join(f"{name}_FILE={_PLACE}/{name}\n" for name in names)
    variables = _VARIABLES.replace("@PLACE@", _PLACE).replace("@LINES@", lines)
    run = "setsid spored secrets load </dev/null >/dev/null 2>&1 &\n"
    return variables, _UNITS, " spored-secrets", run
