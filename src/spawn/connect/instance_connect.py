"""EC2 Instance Connect: a key of this connection's own, which the instance accepts for a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spawn.aws.door import Writer
from spawn.aws.ec2 import Instance
from spawn.aws.ec2_instance_connect import KEY_LIFE_SECONDS, SEND_SSH_PUBLIC_KEY, send_parameters
from spawn.connect.destination import Login
from spawn.connect.keys import generate_key, public_half
from spawn.connect.programs import Programs
from spawn.connect.publickey import PublicKey
from spawn.core.errors import AwsRefusal

Send = Callable[[PublicKey], None]

# A login takes seconds, and the key must outlive it.
_STILL_GOOD_SECONDS = KEY_LIFE_SECONDS - 15
# SendSSHPublicKey, "Errors": what a booting instance may show, and what asking less often mends.
_PASSING = frozenset(
    {
        "EC2InstanceStateInvalidException",
        "EC2InstanceUnavailableException",
        "ThrottlingException",
    }
)
_FILE = "instance-connect"


def sender(instance: Instance, writer: Writer, *, region: str, login: Login) -> Send | None:
    """Return what sends a key to the instance, None where it could not read it.

    That takes EC2 Instance Connect's package on the image, and the instance's metadata, in which
    the package finds the key. What is returned raises AwsRefusal.
    """
    options = instance.metadata_options
    if not login.has_instance_connect or (
        options is not None and options.http_endpoint == "disabled"
    ):
        return None

    def send(key: PublicKey) -> None:
        parameters = send_parameters(instance.instance_id, login.user, key.line)
        writer.do(SEND_SSH_PUBLIC_KEY, parameters, region=region)

    return send


@dataclass
class EphemeralKey:
    """The key of one connection, sent when it is needed and not known there any more."""

    send: Send
    scratch: Path
    programs: Programs
    clock: Callable[[], float]
    say: Callable[[str], None]
    _public: PublicKey | None = None
    _sent_at: float | None = None
    _is_given_up: bool = False
    _is_told: bool = False

    def offered(self) -> Path | None:
        """Return the private key, which the instance accepts now; None where AWS won't have it.

        That is said, once. Raises AccountError where no key can be made.
        """
        if self._is_given_up:
            return None
        now = self.clock()
        if self._sent_at is None or now - self._sent_at > _STILL_GOOD_SECONDS:
            try:
                self.send(self._made())
            except AwsRefusal as refusal:
                self._pass_over(refusal)
                return None
            self._sent_at = now
        return self.scratch / _FILE

    def _made(self) -> PublicKey:
        if self._public is None:
            place = self.scratch / _FILE
            generate_key(place, self.programs)
            self._public = public_half(place.read_text("ascii"))
        return self._public

    def _pass_over(self, refusal: AwsRefusal) -> None:
        self._is_given_up = refusal.code not in _PASSING
        if not self._is_told:
            self._is_told = True
            self.say(f"EC2 Instance Connect is passed over: {refusal.why or refusal.what}")
