"""The duty `dns`: a name in Route 53 leads to the machine's address, until its end.

Its records are weighted and bear the instance's id: others of the same name are none of ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from spored.agent import Agent
from spored.errand import Errand
from spored.step import Do, State, Wish

LOOK_SECONDS = 60


class Duty(Errand):
    """Keeps the records; each is a line: its type, its value, and whether it shall be there.

    `words` are Route 53 as `call` takes it, the id of the hosted zone, the name, and where in
    metadata an IPv4 address stands: paths, of which the first that leads to one counts.
    """

    name = "dns"
    look_at = 0.0
    is_gone = False

    def __init__(self, agent: Agent, words: Sequence[str]) -> None:
        super().__init__(agent, words[:3])
        self.paths = words[3].split()
        # By type: what the machine has now, and all that it has had.
        self.here: dict[str, str] = {}
        self.ever: dict[str, str] = {}
        self.sent: list[str] = []
        self.done: list[str] = []

    def wishes(self) -> Sequence[Wish]:
        """Publish what the machine has, where that is not what was; near the end, nothing."""
        if self.ended():
            self.done = self.sent
        if time.monotonic() >= self.look_at:
            self.look_at = time.monotonic() + LOOK_SECONDS
            with suppress(OSError, ValueError):
                self.look()
        is_here = self.agent.memory.state in (State.WATCHING, State.HELD) and not self.is_gone
        lines = [
            f"{kind} {value} {is_here and kind in self.here}" for kind, value in self.ever.items()
        ]
        if lines != self.done and self.begin(*lines):
            self.sent = lines
        return ()

    def look(self) -> None:
        """Ask metadata for the addresses. An answer that has none is no answer."""
        get = self.agent.metadata.get
        found = {"A": next(filter(None, map(get, self.paths)), None), "AAAA": get("ipv6")}
        self.here = {kind: value for kind, value in found.items() if value} or self.here
        self.ever.update(self.here)

    def act(self, deed: Do) -> None:
        """Withdraw the records: for good, where no end of ours is under way (a spot notice)."""
        if deed is Do.WITHDRAW:
            self.is_gone |= self.agent.memory.state is State.WATCHING
            self.hurry()
            self.wishes()


def job(call: Callable[..., bytes], instance_id: str, zone: str, name: str, *lines: str) -> str:
    """Write the records, and delete those that shall not be there.

    A deletion must repeat to the letter what stands there, and an answer may have been lost: so
    what goes is written once more before.
    """
    gone = [line for line in lines if line.endswith("False")]
    for action, records in (("UPSERT", lines), ("DELETE", gone)):
        if records:
            body = changes(action, name, instance_id, records)
            call(f"POST /2013-04-01/hostedzone/{zone}/rrset/", body)
    left = [line[:-5] for line in lines if line not in gone]
    return f"dns: {name} {', '.join(left) or 'withdrawn'}"


def changes(action: str, name: str, instance_id: str, records: Sequence[str]) -> bytes:
    """Write the body of ChangeResourceRecordSets. No value can hold a character of XML's own."""
    each = "".join(
        f"<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name>"
        f"<Type>{kind}</Type><SetIdentifier>{instance_id}</SetIdentifier><Weight>1</Weight>"
        f"<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord>"
        "</ResourceRecords></ResourceRecordSet></Change>"
        for kind, value, _ in map(str.split, records)
    )
    return (
        '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        f"<ChangeBatch><Changes>{each}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    ).encode()
