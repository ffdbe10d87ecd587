"""An instance's host keys: as its console prints them and as the OpenSSH client reads them.

cloud-init prints them at first boot (module "Keys to Console"): fingerprints in one block, the
keys themselves in another. AWS shows the console to whoever may call GetConsoleOutput, so the
key reaches us on a way that whoever sits between us and the instance does not control. What the
instance itself forges there can only lock it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spawn.connect.publickey import ALGORITHMS, PublicKey, parse_public_key

_KEYS = "SSH HOST KEY KEYS"
_FINGERPRINTS = "SSH HOST KEY FINGERPRINTS"
# Something may stand before a line (a syslog tag, "ec2: ", the kernel's time) and after it.
_KEY = re.compile(rf"(?:^|\s)((?:{'|'.join(map(re.escape, ALGORITHMS))}) [A-Za-z0-9+/]+=*)(?!\S)")
_FINGERPRINT = re.compile(r"(?:^|\s)(SHA256:[A-Za-z0-9+/]{43})(?!\S)")
_HEARTBEAT = re.compile(r"^spored: \d+ .*", re.MULTILINE | re.ASCII)
# RFC 8332 section 3: an RSA key signs with SHA-2 under these names; "ssh-rsa" means SHA-1.
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True, kw_only=True)
class ConsoleKeys:
    """What a console says of the host keys; both may be empty."""

    keys: tuple[PublicKey, ...] = ()
    fingerprints: tuple[str, ...] = ()

    @property
    def all_fingerprints(self) -> tuple[str, ...]:
        """The fingerprints, printed as such or of printed keys, sorted, each once."""
        return tuple(sorted({*self.fingerprints, *(key.fingerprint for key in self.keys)}))


def read_console(text: str) -> ConsoleKeys:
    """Find the host keys in console output: those of the last block that is whole.

    Without one, what the instance's agent said last has a fingerprint.

    A block without its end is still being written, or was cut: it says nothing. Lines that are
    no whole key are passed over.
    """
    keys = {key.algorithm: key for line in _last_block(text, _KEYS) for key in _keys_in(line)}
    # The console keeps 64 KB: what was printed at boot is pushed out, the agent's lines come anew.
    lines = _last_block(text, _FINGERPRINTS) or _HEARTBEAT.findall(text)[-1:]
    fingerprints = [match[1] for line in lines for match in _FINGERPRINT.finditer(line)]
    return ConsoleKeys(
        keys=tuple(sorted(keys.values())), fingerprints=tuple(sorted(set(fingerprints)))
    )


def _last_block(text: str, name: str) -> list[str]:
    found = ""
    for block in text.split(f"-----BEGIN {name}-----")[1:]:
        body, end, _ = block.partition(f"-----END {name}-----")
        found = body if end else found
    return found.splitlines()


def _keys_in(line: str) -> Iterator[PublicKey]:
    for match in _KEY.finditer(line):
        try:
            yield parse_public_key(match[1])
        except ValueError:
            continue


def known_hosts_text(alias: str, keys: tuple[PublicKey, ...]) -> str:
    """Write the keys as a known_hosts file in which the host is called `alias`."""
    return "".join(f"{alias} {key.line}\n" for key in keys)


def parse_known_hosts(text: str, alias: str) -> tuple[PublicKey, ...]:
    """Read what `known_hosts_text` wrote, and nothing else.

    Raises ValueError for no keys, other hosts, markers and whatever else known_hosts may hold.
    """
    keys = []
    for line in text.splitlines():
        host, _, key = line.partition(" ")
        if host != alias:
            raise ValueError(f"a line is not about {alias}")
        keys.append(parse_public_key(key))
    if not keys:
        raise ValueError("it holds no key")
    return tuple(keys)


def host_key_algorithms(keys: tuple[PublicKey, ...]) -> tuple[str, ...]:
    """Return the signature algorithms by which a host can prove that it has one of the keys.

    A server has keys of several kinds: offered others, it would show one that is not pinned.
    """
    return tuple(
        signature for key in keys for signature in _SIGNATURES.get(key.algorithm, (key.algorithm,))
    )
