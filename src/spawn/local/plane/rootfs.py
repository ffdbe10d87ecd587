"""Puts an instance's root directory together, from inside its new mount namespace.

The disk is the root: what an instance writes to /etc, /home, /opt and so on stays until it is
terminated. The machine's programs are mounted over it read-only; /run and /tmp are new with each
boot. Amazon's images come with a disk full of programs instead; here they are the machine's.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from spawn.local.plane import kernel
from spawn.local.plane.enclosure import DEVICES, DISKS, SHOWN_CONFIGURATION

_DIRECTORIES = (
    "dev", "etc", "home", "mnt", "opt/spawn", "proc", "root", "run", "srv", "sys", "tmp",
    "usr/local/bin", "usr/local/sbin", "usr/local/lib", "usr/local/share",
    "var/cache", "var/lib", "var/log", "var/spool", "var/tmp",
)  # fmt: skip
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
# Disks lie in this machine's memory, all of which one that is filled up would take otherwise.
_DISK_SIZE, _RUN_SIZE, _TMP_SIZE = "1g", "64m", "256m"
# EC2's first serial port is the console of all its images.
_CONSOLES = ("console", "ttyS0")


def disk_of(instance_id: str) -> Path:
    """Where an instance's disk is mounted, in the hypervisor's view."""
    return DISKS / instance_id


def make_disk(disk: Path) -> None:
    """Mount a new, empty disk and lay out what every image has."""
    disk.mkdir()
    kernel.mount("tmpfs", disk, "tmpfs", options=f"mode=755,size={_DISK_SIZE}")
    for directory in _DIRECTORIES:
        (disk / directory).mkdir(parents=True)
    (disk / "root").chmod(0o700)
    (disk / "var/tmp").chmod(0o1777)
    (disk / "var/run").symlink_to("/run")
    for entry in Path("/").iterdir():
        if entry.is_symlink():
            (disk / entry.name).symlink_to(entry.readlink())
    shown = {Path("/etc") / name for name in SHOWN_CONFIGURATION}
    shutil.copytree(
        "/etc",
        disk / "etc",
        symlinks=True,
        dirs_exist_ok=True,
        ignore=lambda folder, names: [name for name in names if Path(folder, name) in shown],
    )


def wipe_disk(disk: Path) -> None:
    """Throw a disk away with all that is on it. Raises OSError while something uses it."""
    if disk.exists():
        kernel.unmount(disk)
        disk.rmdir()


def enter(disk: Path, console: str) -> None:
    """Make `disk` the root of this process; `console` is the path of its terminal's device."""
    own_programs = os.open(disk / "usr/local", os.O_PATH | os.O_DIRECTORY)
    _show_programs(disk)
    # The machine's own /usr/local is hidden behind the instance's.
    if Path("/usr/local").is_dir():
        kernel.mount(f"/proc/self/fd/{own_programs}", disk / "usr/local", flags=kernel.MS_BIND)
    os.close(own_programs)
    _mount_devices(disk / "dev", console)
    _mount_system(disk)
    kernel.change_root(disk)


def _show_programs(disk: Path) -> None:
    shown = [Path("/usr"), Path("/opt/spawn"), *(Path("/etc") / n for n in SHOWN_CONFIGURATION)]
    shown += [
        entry
        for entry in Path("/").iterdir()
        if entry.is_dir()
        and not entry.is_symlink()
        and (entry.name in ("bin", "sbin") or entry.name.startswith("lib"))
    ]
    for source in shown:
        if source.is_dir():
            target = disk / source.relative_to("/")
            target.mkdir(parents=True, exist_ok=True)
            kernel.bind(source, target, read_only=True)


def _mount_devices(devices: Path, console: str) -> None:
    kernel.mount("tmpfs", devices, "tmpfs", flags=kernel.MS_NOSUID, options="mode=755")
    sources = {name: f"/dev/{name}" for name in DEVICES} | dict.fromkeys(_CONSOLES, console)
    for name, source in sources.items():
        (devices / name).touch()
        kernel.mount(source, devices / name, flags=kernel.MS_BIND)
    for name, target in _LINKS.items():
        (devices / name).symlink_to(target)
    for name, kind, options in (
        ("pts", "devpts", "newinstance,ptmxmode=666,mode=620"),
        ("shm", "tmpfs", f"mode=1777,size={_RUN_SIZE}"),
    ):
        (devices / name).mkdir()
        kernel.mount(kind, devices / name, kind, options=options)
    (devices / "ptmx").symlink_to("pts/ptmx")


def _mount_system(disk: Path) -> None:
    guarded = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("proc", disk / "proc", "proc", flags=guarded)
    try:
        kernel.mount("sysfs", disk / "sys", "sysfs", flags=guarded)
    except PermissionError:  # the machine is a container, whose own is read-only
        kernel.mount("sysfs", disk / "sys", "sysfs", flags=guarded | kernel.MS_RDONLY)
    # Twice, since `ip netns exec` on the instance takes one away to mount its own, and the kernel
    # grants that only to those who still see another.
    kernel.mount(str(disk / "sys"), disk / "sys", flags=kernel.MS_BIND)
    for name, mode, size in (("run", "755", _RUN_SIZE), ("tmp", "1777", _TMP_SIZE)):
        options = f"mode={mode},size={size}"
        kernel.mount("tmpfs", disk / name, "tmpfs", flags=kernel.MS_NOSUID, options=options)
    # Its own use of the processors is kept by its first process (processor_time); no name but
    # /proc/stat leads to the file.
    own_times = disk / "run/stat"
    own_times.write_bytes(Path("/proc/stat").read_bytes())
    kernel.mount(str(own_times), disk / "proc/stat", flags=kernel.MS_BIND)
    own_times.unlink()
    active = disk / "sys/class/tty/console/active"
    if active.exists():
        # The machine's own answer would name a device that instances don't have.
        (disk / "run/console").write_text("ttyS0\n")
        kernel.mount(str(disk / "run/console"), active, flags=kernel.MS_BIND)
