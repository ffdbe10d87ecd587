"""The duty `asking`: EC2 is asked to stop or hibernate this instance, which keeps its disks."""

from __future__ import annotations

from collections.abc import Callable

from spored.errand import Errand
from spored.step import Do


class Duty(Errand):
    """Asks. `words` are EC2 as `call` takes it. The state waits for the exit code of its name."""

    name = "asking"

    def act(self, deed: Do) -> None:
        """Ask at once: how soon it is asked again, the state knows."""
        if deed is Do.ASK:
            self.hurry()
            self.begin(self.agent.memory.means)


def job(call: Callable[..., bytes], instance_id: str, means: str) -> str:
    """Call StopInstances for this instance alone."""
    hibernate = "true" if means == "hibernate" else "false"
    query = f"Action=StopInstances&Hibernate={hibernate}&InstanceId.1={instance_id}"
    call(f"GET /?{query}&Version=2016-11-15")
    return f"asked: EC2 to {means}"
