"""AWS's session-manager-plugin on this machine: which one is there, and how to get a newer one."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass

from spawn.connect.programs import ProgramMissing, Programs
from spawn.core.errors import AccountError

PLUGIN = "session-manager-plugin"
# awscli/customizations/sessionmanager.py, LAST_PLUGIN_VERSION_WITHOUT_ENV_VAR: up to this one the
# plugin takes the session's token from its arguments only, which every user of a machine can read.
LAST_VERSION_WITH_TOKEN_IN_ARGUMENTS = (1, 2, 497, 0)
_VERSION_TIMEOUT_SECONDS = 10.0
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,3}", re.ASCII)

# Systems Manager user guide, "Install the Session Manager plugin for the AWS CLI".
_DOWNLOADS = "https://s3.amazonaws.com/session-manager-downloads/plugin/latest"
_GUIDE = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "session-manager-working-with-install-plugin.html"
)
_DEBIAN_LIKE = frozenset({"debian", "ubuntu"})
_RPM_LIKE = frozenset({"amzn", "fedora", "rhel", "centos"})


@dataclass(frozen=True, kw_only=True)
class System:
    """What decides which package fits.

    name          "Linux", "Darwin"
    machine       "x86_64", "aarch64", "arm64"
    distribution  os-release(5)'s ID and ID_LIKE, empty where there is none
    """

    name: str
    machine: str
    distribution: frozenset[str] = frozenset()


def this_system() -> System:
    """Look at the machine that this is."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    names = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    return System(name=platform.system(), machine=platform.machine(), distribution=frozenset(names))


def install_command(system: System) -> str:
    """Return the line that installs or upgrades the plugin there; AWS's page where none is known.

    Raises nothing: it is called to explain an error.
    """
    is_arm = system.machine in {"aarch64", "arm64"}
    if system.name == "Darwin":
        package = f"{_DOWNLOADS}/{'mac_arm64' if is_arm else 'mac'}/{PLUGIN}.pkg"
        place = f"/usr/local/sessionmanagerplugin/bin/{PLUGIN}"
        return (
            f"curl -fsSLO {package} && sudo installer -pkg {PLUGIN}.pkg -target / && "
            f"sudo ln -sf {place} /usr/local/bin/{PLUGIN}"
        )
    if system.name == "Linux" and system.distribution & _DEBIAN_LIKE:
        package = f"{_DOWNLOADS}/{'ubuntu_arm64' if is_arm else 'ubuntu_64bit'}/{PLUGIN}.deb"
        return f"curl -fsSLO {package} && sudo dpkg -i {PLUGIN}.deb"
    if system.name == "Linux" and system.distribution & _RPM_LIKE:
        package = f"{_DOWNLOADS}/{'linux_arm64' if is_arm else 'linux_64bit'}/{PLUGIN}.rpm"
        return f"sudo yum install -y {package}"
    return f"install it as {_GUIDE} says"


def check_plugin(programs: Programs, system: System) -> None:
    """Raise AccountError, with the line to type, unless the plugin keeps tokens to itself."""
    try:
        said = programs.run((PLUGIN, "--version"), timeout_seconds=_VERSION_TIMEOUT_SECONDS)
    except ProgramMissing as error:
        raise AccountError(
            f"AWS's {PLUGIN} is not installed on this machine",
            why="Session Manager is spoken by this program of AWS's only",
            next_command=install_command(system),
        ) from error
    except TimeoutError as error:
        raise AccountError(
            f"{PLUGIN} --version did not end within {_VERSION_TIMEOUT_SECONDS:.0f} s",
            why="what is installed under this name does not work",
            next_command=install_command(system),
        ) from error
    version = said.stdout.decode("utf-8", "replace").strip()
    if said.returncode != 0 or not _VERSION.fullmatch(version):
        raise AccountError(
            f"{PLUGIN} --version does not tell a version",
            why="what is installed under this name is not AWS's plugin, or does not work",
            next_command=install_command(system),
        )
    if _numbers(version) <= LAST_VERSION_WITH_TOKEN_IN_ARGUMENTS:
        raise AccountError(
            f"{PLUGIN} {version} is too old",
            why="it takes a session's token from its arguments, where every user of this machine "
            "could read it and enter the instance",
            next_command=install_command(system),
        )


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(number) for number in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))
