"""An account of the embedded cloud and a person of it, all in this process: to be forked.

The control plane listens only while somebody asks (`World.open`): a process that is copied must
have no other thread. Each copy of the process has a copy of the account, of the person's home
and of what they may do.
"""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
from botocore.config import Config

from spawn.iam.documents import PolicyDocument
from spawn.iam.guardrails.boundary import boundary
from spawn.iam.guardrails.model import Wishes
from spawn.local.control import account
from spawn.local.control.administration import Administration
from spawn.local.control.engine import Engine
from spawn.local.control.frontdoor import FrontDoor
from spawn.local.control.lookups import AccountLookup
from spawn.local.control.memory import Memory
from spawn.local.control.messages import AwsError, Request, Response
from spawn.local.control.moto_app import MotoApp
from spawn.local.control.needs import needs_of
from spawn.local.control.operations import operation_of
from spawn.local.control.plane_link import NoPlane
from spawn.local.control.principals import Credentials
from spawn.local.control.server import listen_on_loopback
from spawn.local.control.sigv4 import read_signature
from spawn.local.control.states import State
from spawn.local.control.switches import Settings
from tests.tools.inside import Inside
from tests.tools.programs import Finished, clean_environment

REGION = account.HOME_REGION
PERSON = "alice"
ADMIN = Credentials(access_key_id="AKIAADMINISTRATORTEST", secret="of-this-process-alone")
BOUNDARY = f"arn:aws:iam::{account.ACCOUNT_ID}:policy/spawn/boundary"
CREATED_AT = "spawn:created-at"
THREADS_END_WITHIN_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a command. `needed` are the operations called, each with the actions it took."""

    code: int
    stdout: str
    stderr: str
    needed: frozenset[tuple[str, str]]

    @property
    def words(self) -> str:
        """All that it said."""
        return self.stdout + self.stderr

    @property
    def operations(self) -> frozenset[str]:
        """The operations that were called."""
        return frozenset(operation for operation, _ in self.needed)


class World:
    """The account, and the one person in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.key_id = self.secret = ""
        self._needed: set[tuple[str, str]] = set()
        self._engine = Engine(
            memory=Memory(), moto=MotoApp(), now=lambda: datetime.now(UTC), console=home
        )
        self._door = FrontDoor(
            admin=ADMIN, engine=self._engine, administration=Administration(self._engine)
        )

    def settle(self) -> None:
        """Empty the account; there is spawn's boundary, and the person, who may do nothing."""
        self._engine.connect(NoPlane(self._engine.hear), lambda: None)
        self._engine.reset()
        iam = account.iam()
        iam.create_policy(
            description="",
            path="/spawn/",
            policy_name="boundary",
            policy_document=_text(boundary(Wishes(partition="aws", account=account.ACCOUNT_ID))),
            tags=[],
        )
        iam.create_user(REGION, PERSON)
        key = iam.create_access_key(PERSON)
        self.key_id, self.secret = key.access_key_id, key.secret_access_key

    @property
    def living(self) -> int:
        """How many instances cost something."""
        ended = {State.SHUTTING_DOWN, State.TERMINATED}
        return sum(life.state not in ended for life in self._engine.memory.lives.values())

    def may(self, documents: Iterable[PolicyDocument]) -> None:
        """Let the person do what these policies allow, and nothing else."""
        user = account.iam().users[PERSON]
        user.policies.clear()
        user.policies.update(
            {f"printed-{number}": _text(document) for number, document in enumerate(documents)}
        )

    def grow_older(self, by: timedelta) -> None:
        """Let all that spawn made have been made so much earlier."""
        for role in account.iam().roles.values():
            role.create_date -= by
        ec2 = account.ec2(REGION)
        for pair in ec2.key_pairs.values():
            pair.create_time -= by
        for tags in ec2.tags.values():
            if CREATED_AT in tags:
                made_at = datetime.fromisoformat(tags[CREATED_AT]) - by
                tags[CREATED_AT] = f"{made_at:%Y-%m-%dT%H:%M:%SZ}"

    def forget_backstop_roles(self) -> None:
        """Let the roles be gone by which schedules act."""
        roles = account.iam().roles
        for key in [key for key, role in roles.items() if role.name.startswith("spawn-backstop-")]:
            del roles[key]

    def forget_boundary(self) -> None:
        """Let the account have no boundary for spawn's roles."""
        account.iam().managed_policies.pop(BOUNDARY)

    def switch(self, **settings: Any) -> None:
        """Set the cloud's switches."""
        self._engine.memory.switches.set(msgspec.convert(settings, Settings))

    @contextmanager
    def open(self) -> Iterator[Visit]:
        """Listen, until the end of it; threads that served end a little later (`be_alone`)."""
        listener = listen_on_loopback(0, self._answer)
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Visit(world=self, url=f"http://127.0.0.1:{listener.server_address[1]}")
        finally:
            listener.shutdown()
            listener.server_close()

    def _answer(self, request: Request) -> Response:
        with self._engine.memory.lock:
            self._note(request)
            return self._door.answer(request)

    def _note(self, request: Request) -> None:
        """Keep what the person's call needs, as the cloud is about to judge it."""
        if self.key_id not in (request.header("authorization") or ""):
            return
        signature = read_signature(request)
        try:
            call = operation_of(request, signing_name=signature.service, region=signature.region)
        except AwsError:
            return
        self._needed.add((call.name, ""))
        for need in needs_of(call, AccountLookup(PERSON)):
            self._needed.add((call.name, need.action))

    def take_needed(self) -> frozenset[tuple[str, str]]:
        """Return what was needed since the last time."""
        needed, self._needed = self._needed, set()
        return frozenset(needed)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The account while it listens at `url`."""

    world: World
    url: str

    def spawn(self, *words: str) -> Tried:
        """Run the person's `spawn` to its end."""
        environment = clean_environment(self.world.home) | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.world.key_id,
            "AWS_SECRET_ACCESS_KEY": self.world.secret,
            "AWS_REGION": REGION,
            "SPAWN_ADDRESS_URL": f"{self.url}/_spawn/address",
            "SPAWN_WAIT": "running",  # nothing boots here
        }
        self.world.take_needed()
        finished: Finished = Inside(environment=environment)(*words)
        return Tried(
            code=finished.code,
            stdout=finished.stdout,
            stderr=finished.stderr,
            needed=self.world.take_needed(),
        )

    def administrator(self, service: str) -> Any:
        """Return a client that may do everything."""
        return botocore.session.Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ADMIN.access_key_id,
            aws_secret_access_key=ADMIN.secret,
            config=Config(retries={"total_max_attempts": 1}),
        )


def _text(document: PolicyDocument) -> str:
    return json.dumps(msgspec.to_builtins(document))


def be_alone() -> None:
    """Wait until this thread is the only one: those that served go with their connections.

    What there is by then is put out of the garbage collector's sight: it would touch, and so copy,
    all the memory that a copy of this process shares with it.
    """
    deadline = time.monotonic() + THREADS_END_WITHIN_SECONDS
    while threading.active_count() > 1 and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    gc.freeze()
