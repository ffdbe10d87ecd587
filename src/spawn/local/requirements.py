"""What the embedded cloud needs of a machine, what of it is missing, and how to get it.

Whether namespaces can be had is found out by making them: there are too many switches, from
kernel settings to a container's filters, to trust a reading of them. The switches are read only
to say which one is to blame.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# What mount_setattr(2) needs; the plane makes trees of mounts read-only with it.
_OLDEST_KERNEL = (5, 12)
_TRIAL_LIMIT_SECONDS = 10.0
# Programs by the Debian package that holds them; the names are the same on Fedora's side but two.
_PROGRAMS = {"ip": "iproute2", "nft": "nftables", "ssh": "openssh-client", "unshare": "util-linux"}
_SYSTEM_DIRECTORIES = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SWITCHES = (
    "kernel/unprivileged_userns_clone",
    "user/max_user_namespaces",
    "user/max_net_namespaces",
    "kernel/apparmor_restrict_unprivileged_userns",
)
# The trial makes what the plane makes: namespaces, and in them file systems and a network.
_TRIAL = (
    "unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork",
    "--mount-proc", "--kill-child", "--", "sh", "-ec",
    "mount -t tmpfs none /run; ip link set lo up; nft list ruleset",
)  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """Something that the machine lacks, and the one line that mends it."""

    what: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """What was found out about the machine.

    `programs` are those of the needed ones that are there. `trial_error` is what making
    namespaces said, None where it went well or could not be tried.
    """

    system: str
    kernel: tuple[int, ...]
    programs: frozenset[str]
    switches: Mapping[str, str]
    is_container: bool
    trial_error: str | None


def missing_requirements() -> tuple[Missing, ...]:
    """Look at this machine; the answer is empty where the embedded cloud can run."""
    return judge(read_facts(sys.platform, run=_run_trial))


def read_facts(system: str, *, run: Callable[[], str | None]) -> MachineFacts:
    """Look at this machine. `run` tries to make namespaces and returns what went wrong."""
    path = ":".join(_SYSTEM_DIRECTORIES)
    programs = frozenset(name for name in _PROGRAMS if shutil.which(name, path=path))
    is_linux = system == "linux"
    switches = {name: Path("/proc/sys", name) for name in _SWITCHES}
    return MachineFacts(
        system=system,
        kernel=parse_kernel(platform.release()),
        programs=programs,
        switches={n: p.read_text().strip() for n, p in switches.items() if p.exists()},
        is_container=Path("/.dockerenv").exists() or Path("/run/.containerenv").exists(),
        trial_error=run() if is_linux and programs >= {"ip", "nft", "unshare"} else None,
    )


def _run_trial() -> str | None:
    environment = {"PATH": ":".join(_SYSTEM_DIRECTORIES)}
    try:
        result = subprocess.run(
            _TRIAL,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TRIAL_LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if result.returncode == 0 else result.stderr.strip() or "no reason given"


def parse_kernel(release: str) -> tuple[int, ...]:
    """The numbers of a kernel's release, as in 6.1.0-18-amd64; empty where there are none."""
    words = release.partition("-")[0].split(".")
    return tuple(int(word) for word in words[:2] if word.isdecimal())


def judge(facts: MachineFacts) -> tuple[Missing, ...]:
    """What the machine lacks, by what was found out about it."""
    if facts.system != "linux":
        return (
            Missing(
                f"instances are made of Linux namespaces, and this is {facts.system}",
                "run it in a Linux virtual machine, for example with `limactl start`",
            ),
        )
    return (
        *_missing_programs(facts),
        *_old_kernel(facts),
        *_closed_namespaces(facts),
    )


def _missing_programs(facts: MachineFacts) -> tuple[Missing, ...]:
    return tuple(
        Missing(f"the program {name} is not installed", f"sudo apt-get install -y {package}")
        for name, package in _PROGRAMS.items()
        if name not in facts.programs
    )


def _old_kernel(facts: MachineFacts) -> tuple[Missing, ...]:
    if facts.kernel >= _OLDEST_KERNEL:
        return ()
    needed = ".".join(str(number) for number in _OLDEST_KERNEL)
    return (
        Missing(
            f"the kernel is older than Linux {needed}",
            "upgrade the system, or use a newer one in a virtual machine",
        ),
    )


def _closed_namespaces(facts: MachineFacts) -> tuple[Missing, ...]:
    if facts.trial_error is None:
        return ()
    switches = facts.switches
    if switches.get("kernel/unprivileged_userns_clone") == "0":
        return (_switch("kernel.unprivileged_userns_clone", "1"),)
    for name in ("max_user_namespaces", "max_net_namespaces"):
        if switches.get(f"user/{name}") == "0":
            return (_switch(f"user.{name}", "15000"),)
    if switches.get("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (_switch("kernel.apparmor_restrict_unprivileged_userns", "0"),)
    if facts.is_container:
        return (
            Missing(
                f"this container may not make namespaces ({facts.trial_error})",
                "start it with `docker run --privileged`",
            ),
        )
    return (
        Missing(
            f"namespaces can't be made ({facts.trial_error})",
            "ask for user namespaces and nftables in this kernel, or use a virtual machine",
        ),
    )


def _switch(name: str, value: str) -> Missing:
    return Missing(
        f"user namespaces are closed by the setting {name}", f"sudo sysctl -w {name}={value}"
    )
