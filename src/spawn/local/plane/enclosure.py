"""A bare root directory and the namespaces around it, for everything that the plane runs.

1. In a mount namespace of its own, a root is put together on a tmpfs: the machine's programs
   and libraries read-only, a Python, a few device nodes; no home, no configuration with
   secrets, no socket of the machine. It becomes the only root.
2. A user namespace with all other kinds of namespaces is entered. Mounts of step 1 can't be
   changed or undone from within, because another user namespace owns them. Its root is the
   user who called, or, if that is the machine's root, a user id that owns nothing: being root
   changes nothing, and /proc/sys and /proc/sysrq-trigger stay the machine's own.
3. The first process of the new process namespace mounts its own /proc and runs a program. It
   dies with its parent, and everything in the namespace with it.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from spawn.local.plane import kernel, runtime
from spawn.local.plane.runtime import Runtime

# An id that systemd's scheme leaves to nobody (https://systemd.io/UIDS-GIDS/): no other process
# of the machine has it, so that none can look into ours.
UNPRIVILEGED_ID = 1_900_700_000

_NAMESPACES = (
    kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWCGROUP
)  # fmt: skip

DISKS = Path("/disks")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_MASKED_POWER = ("poweroff", "halt", "reboot", "shutdown", "systemctl")
_MASKED = (*_MASKED_POWER, "sudo")
# Of the machine's /etc only what programs of /usr need to work. Directories are shown, not copied.
SHOWN_CONFIGURATION = ("ssl/certs", "pki", "ca-certificates")
_COPIED_CONFIGURATION = ("alternatives", "ld.so.cache", "services", "protocols", "mime.types")
_LAYOUT = (
    "dev", "disks", "etc/ssl", "opt/spawn", "proc", "root", "run", "sys", "tmp", "usr", "var",
)  # fmt: skip


# Every user is root here already: what is left of sudo is to run its arguments.
_SUDO = '''while :; do
  case "$1" in
    -u|-g|-p|-C|-D|-h|-r|-t) shift 2 ;;
    --) shift; break ;;
    -*) shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exec env HOME=/root bash -l
exec env "$@"'''


def mapped_id(user_id: int, uid_map: str) -> int:
    """The id to live under: one's own, or for root an id that owns nothing, where it is mapped.

    `uid_map` is the text of /proc/self/uid_map.
    """
    if user_id != 0:
        return user_id
    ranges = [[int(word) for word in line.split()] for line in uid_map.splitlines()]
    is_mapped = any(first <= UNPRIVILEGED_ID < first + count for first, _, count in ranges)
    return UNPRIVILEGED_ID if is_mapped else user_id


def run_enclosed(
    mount_point: Path, python: Runtime, arguments: Sequence[str], *, user_id: int
) -> int:
    """Run Python inside, wait for its end and return its exit code.

    To be called in a forked process with one thread, whose parent the whole enclosure is not
    to outlive. `mount_point` is any directory of the caller's; it is covered in this process's
    view only. Raises OSError where the system refuses a namespace or a mount.
    """
    outer_id, outer_group, parent = os.getuid(), os.getgid(), os.getppid()
    kernel.unshare(kernel.CLONE_NEWNS | (kernel.CLONE_NEWUSER if outer_id else 0))
    if outer_id:
        _map_root(outer_id, outer_group)
    kernel.mount("none", Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
    _build_root(mount_point, python)
    kernel.change_root(mount_point)
    if not outer_id and user_id:
        _enter_as(user_id)
    else:
        kernel.unshare(_NAMESPACES)
        _map_root(0, 0)
    kernel.set_parent_death_signal(
        signal.SIGKILL
    )  # only now: the kernel forgets it when ids or namespaces change
    if os.getppid() != parent:
        return 1
    child = os.fork()
    if child == 0:
        _run_first_process(python, arguments)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _map_root(user_id: int, group_id: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user_id} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group_id} 1")


def _enter_as(user_id: int) -> None:
    """As the machine's root: enter the namespaces, and be `user_id` outside of them from then on.

    The map is written by another process that stays behind, since only root of the outer
    namespace may map somebody else's id. Giving up root first would be simpler, but where only
    privileged processes may make user namespaces (Ubuntu), it would be too early.
    """
    process_id = os.getpid()
    reading, writing = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(writing)
        entered = os.read(reading, 1)
        for name in ("uid_map", "gid_map") if entered else ():
            Path(f"/proc/{process_id}/{name}").write_text(f"0 {user_id} 1")
        os._exit(0)
    kernel.unshare(_NAMESPACES)
    os.write(writing, b"1")
    os.waitpid(helper, 0)
    os.close(reading)
    os.close(writing)
    # Raises PermissionError if the map is not there.
    os.setresgid(0, 0, 0)
    os.setgroups([])
    os.setresuid(0, 0, 0)


def _run_first_process(python: Runtime, arguments: Sequence[str]) -> None:
    kernel.set_parent_death_signal(signal.SIGKILL)
    kernel.mount("none", Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", Path("/proc"), "proc", flags=kernel.MS_NOSUID | kernel.MS_NODEV)
    kernel.mount("tmpfs", Path("/run"), "tmpfs", options="mode=755")
    kernel.mount("tmpfs", Path("/tmp"), "tmpfs", options="mode=1777")  # noqa: S108 - a new one
    kernel.mount("tmpfs", DISKS, "tmpfs", options="mode=700")
    kernel.mount("devpts", Path("/dev/pts"), "devpts", options="newinstance,ptmxmode=666")
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **runtime.python_environment(python)}
    program = str(runtime.PYTHON)
    os.execve(program, [program, "-I", *arguments], environment)  # noqa: S606 - as meant


def _build_root(root: Path, python: Runtime) -> None:
    kernel.mount("tmpfs", root, "tmpfs", options="mode=755")
    for directory in _LAYOUT:
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    _show_programs(root)
    _show_python(root, python)
    _show_devices(root)
    _show_configuration(root)
    _write_programs(root / "opt/spawn/bin", python)
    _mask_programs(root)
    for name in ("proc", "sys"):
        # The kernel grants a new /proc or /sys only to those who can see the old one whole.
        kernel.mount(f"/{name}", root / name, flags=kernel.MS_BIND | kernel.MS_REC)


def _show_programs(root: Path) -> None:
    kernel.bind(Path("/usr"), root / "usr", read_only=True)
    for entry in sorted(Path("/").iterdir()):
        if entry.name not in ("bin", "sbin") and not entry.name.startswith("lib"):
            continue
        if entry.is_symlink():
            (root / entry.name).symlink_to(entry.readlink())
        elif entry.is_dir():
            _show(entry, root / entry.name)


def _show(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    kernel.bind(source, target, read_only=True)


def _show_python(root: Path, python: Runtime) -> None:
    def inside(path: Path) -> Path:
        return root / path.relative_to("/")

    if python.prefix is not None:
        _show(python.prefix, inside(runtime.PYTHON_HOME))
    paths = runtime.import_paths(python)
    _show(python.own_package, inside(paths[0]) / "spawn")
    for source, path in zip(python.package_directories, paths[1:], strict=True):
        _show(source, inside(path))
    home = runtime.python_home(python)
    site = inside(runtime.ENVIRONMENT) / f"lib/python{python.version}/site-packages"
    site.mkdir(parents=True)
    (site / "spawn.pth").write_text("".join(f"{path}\n" for path in paths))
    (inside(runtime.ENVIRONMENT) / "pyvenv.cfg").write_text(f"home = {home / 'bin'}\n")
    inside(runtime.PYTHON).parent.mkdir()
    inside(runtime.PYTHON).symlink_to(home / python.executable)


def _show_devices(root: Path) -> None:
    for name in DEVICES:
        (root / "dev" / name).touch()
        kernel.mount(f"/dev/{name}", root / "dev" / name, flags=kernel.MS_BIND)
    (root / "dev/pts").mkdir()
    (root / "dev/ptmx").symlink_to("pts/ptmx")


def _show_configuration(root: Path) -> None:
    etc = root / "etc"
    for name in _COPIED_CONFIGURATION:
        source = Path("/etc") / name
        if source.is_dir():
            shutil.copytree(source, etc / name, symlinks=True)
        elif source.exists():
            shutil.copyfile(source, etc / name)
    for name in SHOWN_CONFIGURATION:
        if (Path("/etc") / name).is_dir():
            _show(Path("/etc") / name, etc / name)
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (etc / "group").write_text("root:x:0:\n")
    # Names are looked up in files alone: there is no name service, and no waiting for one.
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    (etc / "resolv.conf").touch()


def _write_programs(directory: Path, python: Runtime) -> None:
    directory.mkdir(parents=True)
    variables = " ".join(
        f"{name}={value}" for name, value in runtime.python_environment(python).items()
    )
    launcher = f"exec env {variables} {runtime.PYTHON} -I -m"
    scripts = {
        "sudo": _SUDO,
        "aws": f'{launcher} awscli "$@"',
        "cloud-init": f'{launcher} spawn.local.plane.cloudinit_status "$@"',
        **dict.fromkeys(_MASKED_POWER, f'{launcher} spawn.local.plane.power "${{0##*/}}" "$@"'),
    }
    for name, script in scripts.items():
        (directory / name).write_text(f"#!/bin/sh\n{script}\n")
        (directory / name).chmod(0o755)


def _mask_programs(root: Path) -> None:
    """Put ours where the machine has programs that talk to its own init, or need set-uid."""
    ours = {
        original.resolve(): name
        for name in _MASKED
        for original in (Path("/usr/sbin", name), Path("/usr/bin", name))
        if original.exists()
    }
    # One program of the machine may go by several names, and so does ours.
    for original, name in ours.items():
        source = root / "opt/spawn/bin" / name
        kernel.mount(str(source), root / original.relative_to("/"), flags=kernel.MS_BIND)
