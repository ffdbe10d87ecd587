"""The boothook: the first part of user-data, which puts the agent on the instance and starts it.

cloud-init runs it early at every boot, before anything of the person's (its documentation,
"Boothook"). It writes each file whole, so that a full disk leaves the old one, starts the agent and
returns within a second: with systemd as a unit, which also comes up by itself at later boots,
elsewhere as a process that is started again whenever it ends. A unit that is new needs no
`daemon-reload`, which runs every generator and takes longer than all the rest (seen on a real
boot); one that runs already may be older than what was just written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spawn.launch.secret_units import secret_lines
from spawn.launch.shell import PATH, PUT, put
from spawn.launch.travelling import travelling

BASE = (
    "__init__",
    "__main__",
    "agent",
    "children",
    "clock",
    "instants",
    "metadata",
    "orders",
    "power",
    "step",
    "voice",
)
_SECRET_MARKS = ("@VARIABLES@", "@UNITS@", "@STARTED@", "@BACKGROUND@")
_SCRIPT = r"""#cloud-boothook
#!/bin/sh
# spored ends this machine on time. See src/spored of spawn
PATH=@PATH@
@PUT@umask 022
cd /
mkdir -p opt/spored/spored var/lib/spored
python=$(command -v python3) || echo spored: no python3 >/dev/console
@FILES@put usr/local/bin/spored <<EOF
#!/bin/sh
[ "\$1" = status ] || exec $python -ISB /opt/spored "\$@"
[ "\$2\$3" = -ojson ] && exec cat /run/spored/state.json
cat /run/spored/status
EOF
chmod 755 usr/local/bin/spored
@VARIABLES@if [ -d run/systemd/system ]; then
unit=etc/systemd/system/spored.service
put $unit <<EOF
@UNIT@EOF
mkdir -p etc/systemd/system/sysinit.target.wants
ln -sf /$unit etc/systemd/system/sysinit.target.wants/
@UNITS@[ -d run/spored ] && systemctl daemon-reload
systemctl start --no-block spored@STARTED@
elif mkdir run/spored; then
setsid sh -c 'echo -1000 >/proc/self/oom_score_adj
while :; do spored agent; sleep 1; done' </dev/null >/dev/null 2>&1 &
@BACKGROUND@fi
"""
# systemd.exec(5). The bounding set leaves reboot(2) and mlock(2), and shuts out by itself what
# ProtectClock, ProtectHostname and others would. Logins are spoken to as the group tty may.
_UNIT = """[Unit]
Description=spored
DefaultDependencies=no
StartLimitIntervalSec=0
[Service]
ExecStart=$python -ISB /opt/spored agent
Restart=always
RestartSec=1
KillMode=process
OOMScoreAdjust=-1000
SupplementaryGroups=tty
StateDirectory=spored
RuntimeDirectory=spored
RuntimeDirectoryPreserve=yes
ReadWritePaths=/var/log
CapabilityBoundingSet=CAP_SYS_BOOT CAP_IPC_LOCK
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @reboot
[Install]
WantedBy=sysinit.target
"""


def boothook(sources: Mapping[str, str], orders: Mapping[str, Any], *, then: str = "") -> bytes:
    """Return the boothook.

    `sources` are the agent's modules by name, those of its base and of the duties that are asked
    for; `orders` is what the agent is told, as JSON can hold it; `then` is a script for sh that
    runs once the agent is started.
    """
    files = {f"opt/spored/spored/{name}.py": travelling(text) for name, text in sources.items()}
    files["opt/spored/__main__.py"] = files.pop("opt/spored/spored/__main__.py")
    # Many lines: one of more than 998 characters would have all of the boothook travel as base64.
    told = json.dumps(orders, separators=(",", ":"), indent=0)
    files["opt/spored/orders.json"] = f"{told}\n"
    script = _SCRIPT.replace("@PATH@", PATH).replace("@PUT@", PUT).replace("@UNIT@", _UNIT)
    for mark, part in zip(_SECRET_MARKS, secret_lines(orders.get("secrets")), strict=True):
        script = script.replace(mark, part)
    return (script.replace("@FILES@", "".join(map(put, files, files.values()))) + then).encode(
        "ascii"
    )
