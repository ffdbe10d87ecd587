"""A machine that holds a real sshd, its users and its configuration, and nothing else of its own.

It is a set of namespaces: files of the test's own lie over /etc/ssh, /etc/passwd, /home, /run and
the console, and its loopback is its own, so that sshd runs as root, at its own port and with its
own separation of privileges, and nobody else can reach it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.programs import SYSTEM_PATH, Finished, clean_environment, run

SSHD = shutil.which("sshd", path=SYSTEM_PATH)
# As root the whole of the machine's users are there; others need a range of their own.
_OWN_USERS = [] if os.geteuid() == 0 else ["--user", "--map-root-user", "--map-auto"]
_ENCLOSURE = ["unshare", *_OWN_USERS, "--mount", "--net", "--pid", "--fork", "--kill-child"]
_PASSWORD = "not a secret"
# Its SHA-512 form, by `openssl passwd -6`.
_HASH = (
    "$6$spawnspawn$w/Hf7UpN.28kD2FauPbj.eqrqdITfcC6MVcRGaHwMd8sRsfixzBgBdL65Fle79EDHpZraedfqJRLe"
    "r85KeVy./"
)
USERS = {"root": 0, "admin": 1000, "bob": 1001}
# Debian's own, shortened: the directory comes first. What an image could add to it comes second.
_CONFIGURATION = """Include /etc/ssh/sshd_config.d/*.conf
UsePAM no
Subsystem sftp internal-sftp
"""
_LAX = "PasswordAuthentication yes\nPermitRootLogin yes\nKbdInteractiveAuthentication no\n"
_ENTER = """
    set -e
    cd "$MACHINE"
    mount -t tmpfs tmpfs /run
    ip link set lo up
    for file in etc/ssh etc/passwd etc/shadow etc/group home root dev/console var/lib/cloud; do
        mkdir -p "/$file" 2>/dev/null || true
        mount --bind "$MACHINE/$file" "/$file"
    done
    mount -t proc proc /proc
    echo up
    exec cat
"""


def lacks() -> str:
    """Return what this machine lacks for it, "" for nothing."""
    if SSHD is None:
        return "sshd is not here: install openssh-server"
    tried = subprocess.run([*_ENCLOSURE, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "namespaces with several users are closed here"


class SshdMachine:
    """One such machine. `directory` holds its files, as they are seen from outside."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ssh = directory / "etc/ssh"
        self.keys = directory / "keys"
        for name in ("etc/ssh/sshd_config.d", "dev", "var/lib/cloud", "home", "root", "keys"):
            (directory / name).mkdir(parents=True, mode=0o755)
        self._write_accounts()
        (self.ssh / "sshd_config").write_text(_CONFIGURATION, encoding="ascii")
        (self.ssh / "sshd_config.d/50-cloud-init.conf").write_text(_LAX, encoding="ascii")
        (directory / "dev/console").touch()
        self.be_instance("i-1")
        self.environment = clean_environment(directory / "client")

    def _write_accounts(self) -> None:
        homes = {name: "/root" if name == "root" else f"/home/{name}" for name in USERS}
        accounts = [
            f"{name}:x:{number}:{number}::{homes[name]}:/bin/sh" for name, number in USERS.items()
        ]
        accounts += [
            "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin",
            "nobody:x:65534:65534::/:/bin/false",
        ]
        shadow = [f"{name}:{_HASH}:20000:0:99999:7:::" for name in USERS]
        groups = [f"{name}:x:{number}:" for name, number in (*USERS.items(), ("nogroup", 65534))]
        for file, lines in (("passwd", accounts), ("shadow", shadow), ("group", groups)):
            (self.directory / "etc" / file).write_text(
                "".join(f"{line}\n" for line in lines), encoding="ascii"
            )
        for name in USERS:
            if name != "root":
                (self.directory / "home" / name).mkdir(mode=0o755)

    def be_instance(self, name: str) -> None:
        """Have cloud-init take it for this instance: a disk may go through several."""
        link = self.directory / "var/lib/cloud/instance"
        link.unlink(missing_ok=True)
        link.symlink_to(f"instances/{name}")

    @property
    def console(self) -> str:
        """What was said on its console."""
        return (self.directory / "dev/console").read_text(encoding="utf-8")

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have it run; what is in /run, and each of its processes, goes with its end."""
        words = [*_ENCLOSURE, "sh", "-c", _ENTER]
        environment = {"PATH": SYSTEM_PATH, "MACHINE": str(self.directory)}
        with subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            try:
                assert holder.stdout.readline() == "up\n"
                self._holder = int(
                    Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()[0]
                )
                yield
            finally:
                holder.kill()

    def sh(self, script: str) -> Finished:
        """Run a script of the shell on it, as root."""
        return self._run(("sh", "-c", script))

    def boot(self, part: str) -> None:
        """Run the boothook's part for sshd, as cloud-init would."""
        script = f'umask 022\ncd /\nput() {{ cat >"$1.new" && mv "$1.new" "$1"; }}\n{part}'
        done = self.sh(script)
        assert done.stderr == ""

    def start_sshd(self, *options: str) -> None:
        """Start sshd as a system does: with a host key and a directory, which boots make."""
        key = "/etc/ssh/ssh_host_ed25519_key"
        making = f"ssh-keygen -qt ed25519 -N '' -f {key} && mkdir -p /run/sshd"
        done = self.sh(f"{making} && {SSHD} -E /run/log {' '.join(options)}")
        assert done.code == 0, done.stderr
        assert self.sh("until [ -s /run/sshd.pid ]; do sleep 0.02; done").code == 0

    def make_key(self, name: str) -> str:
        """Return the public key of a pair, which is made where it is not there yet."""
        public = self.keys / f"{name}.pub"
        if public.exists():
            return public.read_text(encoding="ascii").strip()
        kind = ("-t", "ed25519", "-N", "", "-C", name)
        words = ("ssh-keygen", "-q", *kind, "-f", str(self.keys / name))
        assert run(words, environment=self.environment, directory=self.keys).code == 0
        return public.read_text(encoding="ascii").strip()

    def authorize(self, user: str, *lines: str) -> None:
        """Put keys into a user's file, as cloud-init does with the launch's."""
        home = self.directory / ("root" if user == "root" else f"home/{user}")
        (home / ".ssh").mkdir(mode=0o755, exist_ok=True)
        text = "".join(f"{line}\n" for line in lines)
        (home / ".ssh/authorized_keys").write_text(text, encoding="ascii")

    def certify(self, ca: str, key: str, *options: str) -> None:
        """Sign a key with an authority's; the certificate lies beside the key."""
        words = (
            "ssh-keygen",
            "-q",
            "-s",
            str(self.keys / ca),
            *options,
            str(self.keys / f"{key}.pub"),
        )
        done = run(words, environment=self.environment, directory=self.keys)
        assert done.code == 0, done.stderr

    def log_in(self, user: str, key: str) -> Finished:
        """Log in with a key, and the certificate beside it where there is one."""
        return self._ssh(user, "-i", str(self.keys / key), "-o", "IdentitiesOnly=yes")

    def log_in_with_password(self, user: str) -> Finished:
        """Log in with the account's password, by whatever way a password may go."""
        return self._ssh(
            user, "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1", password=True
        )

    def _ssh(self, user: str, *options: str, password: bool = False) -> Finished:
        asking = self.directory / "client/ask"
        asking.write_text(f"#!/bin/sh\necho '{_PASSWORD}'\n", encoding="ascii")
        asking.chmod(0o755)
        fixed = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "BatchMode": "no" if password else "yes",
            "ConnectTimeout": "20",
        }
        words = [word for name, value in fixed.items() for word in ("-o", f"{name}={value}")]
        command = ("ssh", "-v", "-F", "none", *words, *options, f"{user}@127.0.0.1", "id -un")
        return self._run(command, SSH_ASKPASS=str(asking), SSH_ASKPASS_REQUIRE="force")

    def _run(self, words: tuple[str, ...], **extra: str) -> Finished:
        entering = ("nsenter", "--target", str(self._holder), "--mount", "--net", "--pid")
        users = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
        return run(
            (*entering, *users, *words),
            environment={**self.environment, "PATH": SYSTEM_PATH, **extra},
            directory=self.directory,
        )
