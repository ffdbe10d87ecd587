"""Files whose name alone tells that they hold secrets, more often than not. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

# Of what programs call them by default: OpenSSH, OpenSSL, the AWS CLI, curl, npm, twine, git,
# PostgreSQL, Docker, Kubernetes, Terraform, and the many that read dotenv files.
_PATTERNS = (
    ".env",
    ".env.*",
    "id_rsa",
    "id_ecdsa",
    "id_ed25519",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    ".aws/credentials",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".pgpass",
    ".docker/config.json",
    ".kube/config",
    "*.tfstate",
    "*.tfvars",
)
_HARMLESS = frozenset({".env.example", ".env.sample", ".env.template"})


def likely_secrets(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the relative paths that are called like something secret."""
    return tuple(name for name in names if _is_likely(PurePosixPath(name)))


def _is_likely(path: PurePosixPath) -> bool:
    if path.name in _HARMLESS:
        return False
    ends = (path.name, "/".join(path.parts[-2:]))
    return any(fnmatchcase(end, pattern) for end in ends for pattern in _PATTERNS)
