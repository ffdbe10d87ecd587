"""All that a connection to an instance needs, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spawn.aws.ec2 import Instance
from spawn.connect.authentication import Authentication
from spawn.connect.bastion import BastionHost
from spawn.connect.hostkeys import ConsoleKeys
from spawn.connect.instance_connect import Send
from spawn.connect.machine import Machine
from spawn.connect.outlook import Outlook
from spawn.connect.routes import Route
from spawn.connect.ssh import SshTarget
from spawn.connect.ssh_ca.certifying import Certification


@dataclass(frozen=True, kw_only=True)
class Way:
    """How ssh gets to an instance, and what explains it when it does not.

    target    what holds at any time, so that an ssh configuration can be made of it; a try adds a
              key for a minute (`attempts`)
    machine   its `programs` have the environment that this way needs
    chosen    how it was chosen: "directly to its public address 198.51.100.7"
    bastion   what is in between: an instance of ours, by its own way, or any host
    send_key  sends a key by EC2 Instance Connect, None where the instance takes none
    certification   signs a certificate, None where the instance admits none of this machine's
    console, outlook   ask AWS, and are called only after a failure
    """

    instance: Instance
    target: SshTarget
    machine: Machine
    region: str
    route: Route
    chosen: str
    authentication: Authentication
    bastion: Way | BastionHost | None = None
    send_key: Send | None = None
    certification: Certification | None = None
    console: Callable[[], ConsoleKeys]
    outlook: Callable[[], Outlook]

    @property
    def first_certification(self) -> Certification | None:
        """What signs for it, or for a bastion on the way to it; None where neither needs it."""
        if self.certification is not None or not isinstance(self.bastion, Way):
            return self.certification
        return self.bastion.first_certification

    @property
    def key_name(self) -> str:
        """The key pair that the instance was launched with, "" for none."""
        return self.instance.key_name


@dataclass(frozen=True, kw_only=True)
class AskedRoute:
    """Which route the person asked for; without, it is found.

    `to_private` finds the bastion that is only for instances without a public address.
    """

    bastion: Way | BastionHost | None = None
    to_private: Callable[[], Way | BastionHost] | None = None
    session_manager: bool = False

    def of(self, instance: Instance) -> AskedRoute:
        """Return what that means for one instance."""
        if self.to_private is None or instance.public_ip_address:
            return self
        return AskedRoute(bastion=self.to_private())


NOTHING_ASKED = AskedRoute()
