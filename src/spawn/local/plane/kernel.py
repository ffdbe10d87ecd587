"""The Linux system calls that Python's standard library lacks, each raising OSError on failure."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

# linux/sched.h
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# linux/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
AT_RECURSIVE = 0x8000
_SYS_MOUNT_SETATTR = 442  # the same on every architecture; Linux 5.12

# linux/prctl.h
PR_SET_PDEATHSIG = 1

# linux/reboot.h; in a process namespace these end its first process, see reboot(2)
RB_POWER_OFF = 0x4321FEDC
RB_HALT = 0xCDEF0123
RB_AUTOBOOT = 0x01234567

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
_libc.syscall.restype = ctypes.c_long


class _MountAttributes(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")
    ]


def _checked(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def unshare(flags: int) -> None:
    """Enter new namespaces (for CLONE_NEWPID: put later children into one)."""
    _checked(_libc.unshare(flags), "unshare")


def enter_namespace(descriptor: int, kind: int) -> None:
    """Join the namespace that an open file stands for; for a network, this thread only."""
    _checked(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: Path, kind: str = "", *, flags: int = 0, options: str = "") -> None:
    """Mount a file system or, with MS_BIND, show a file or directory in another place."""
    result = _libc.mount(
        source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()
    )
    _checked(result, f"mount {kind or source} on {target}")


def bind(source: Path, target: Path, *, read_only: bool) -> None:
    """Show `source` and what is mounted below it at `target` as well, without set-uid bits."""
    mount(str(source), target, flags=MS_BIND | MS_REC)
    wanted = MOUNT_ATTR_NOSUID | (MOUNT_ATTR_RDONLY if read_only else 0)
    attributes = _MountAttributes(attr_set=wanted)
    # mount(2) can make only the topmost mount of a tree read-only; mount_setattr(2) all of it.
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_int(-1),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(AT_RECURSIVE),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    _checked(result, f"mount_setattr {target}")


def unmount(target: Path) -> None:
    """Take a mount out of sight at once; it ends when its last user does."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def change_root(new_root: Path) -> None:
    """Make a mount point the root and drop the old one from sight."""
    os.chdir(new_root)
    # pivot_root(2), "pivot_root(".", ".")": no directory for the old root is needed.
    _checked(_libc.pivot_root(b".", b"."), f"pivot_root {new_root}")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")


def set_parent_death_signal(number: int) -> None:
    """Have this process sent a signal when its parent's thread ends, however that happens."""
    zero = ctypes.c_ulong(0)
    result = _libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number), zero, zero, zero)
    _checked(result, "prctl PR_SET_PDEATHSIG")


def reboot(command: int) -> None:
    """Power off, halt or restart; in a process namespace it ends that, not the machine."""
    _checked(
        _libc.reboot(ctypes.c_int(command - (1 << 32) if command >> 31 else command)), "reboot"
    )
