"""Which directories make up the running Python, so that it can be shown elsewhere by itself.

The interpreter may lie in somebody's home. Only what it needs is taken from there: its own
installation, the directories of installed packages, and this package.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import spawn

# Where instances and the plane itself find what this module finds on the machine.
HOME = Path("/opt/spawn")
PROGRAMS = HOME / "bin"
PYTHON_HOME = HOME / "python"
PACKAGES = HOME / "packages"
ENVIRONMENT = HOME / "environment"
PYTHON = ENVIRONMENT / "bin/python3"


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A Python installation on this machine.

    `prefix` is its root, None where it is part of /usr and so visible anyway; `executable` is
    relative to it. `package_directories` hold installed packages, `own_package` is `spawn`.
    """

    prefix: Path | None
    executable: Path
    has_shared_library: bool
    version: str
    package_directories: tuple[Path, ...]
    own_package: Path


def find_runtime() -> Runtime:
    """Look up the running interpreter's own directories."""
    prefix = Path(os.path.realpath(sys.base_prefix))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    in_usr = prefix == Path("/usr")
    return Runtime(
        prefix=None if in_usr else prefix,
        executable=Path("bin") / f"python{version}",
        has_shared_library=bool(sysconfig.get_config_var("Py_ENABLE_SHARED")),
        version=version,
        package_directories=_package_directories(prefix),
        own_package=Path(os.path.realpath(spawn.__path__[0])),
    )


def _package_directories(prefix: Path) -> tuple[Path, ...]:
    directories = {
        Path(os.path.realpath(entry)): None
        for entry in sys.path
        if entry.rstrip("/").endswith(("site-packages", "dist-packages")) and Path(entry).is_dir()
    }
    return tuple(each for each in directories if not each.is_relative_to(prefix / "lib"))


def python_home(runtime: Runtime) -> Path:
    """Where the installation's root is, seen from inside."""
    return Path("/usr") if runtime.prefix is None else PYTHON_HOME


def import_paths(runtime: Runtime) -> list[Path]:
    """Where packages are, seen from inside, in the order of import."""
    own = PACKAGES / "own"
    installed = [PACKAGES / str(index) for index in range(len(runtime.package_directories))]
    return [own, *installed]


def python_environment(runtime: Runtime) -> dict[str, str]:
    """The environment variables without which the interpreter doesn't start from there."""
    if runtime.has_shared_library and runtime.prefix is not None:
        # Its library is looked for where it was installed, which can't be seen from inside.
        return {"LD_LIBRARY_PATH": str(PYTHON_HOME / "lib")}
    return {}
