"""One command on an instance of its own, from the launch to the end.

1. Launch, and wait for SSH, or for the user-data where there is some.
2. Send the directory.
3. Run the command with this process's own input and output.
4. Fetch what was asked for, whether the command did well or not: a log explains a failure.
5. End the instance, whatever happened before; its end date stands behind that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from spawn.cli.asking import AskedLaunch
from spawn.cli.assembly import perform_launch
from spawn.cli.ending import end_launched
from spawn.cli.options import Account
from spawn.cli.progress import Lines
from spawn.cli.rendering.launching import plan_text
from spawn.cli.waiting import Waiting
from spawn.cli.wiring import Wiring
from spawn.connect.archive import Tree, list_directory
from spawn.connect.connect import connect
from spawn.connect.patience import Patience, Progress
from spawn.connect.transfer import fetch_paths, send_directory
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError, Interrupted, PartlyDone, SpawnError
from spawn.launch.secret_delivery import WITH_SECRETS
from spawn.secrets.names import likely_secrets

# Where the directory goes, in the login user's home.
WORKPLACE = "work"
_MOST_NAMED = 5
# `"$0"` and `"$@"` are the directory and the words: nothing is put into the shell's text.
_IN_DIRECTORY = ("sh", "-c", 'cd -- "$0" && exec "$@"')


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is to be done on the instance.

    source  a directory here that the command runs in a copy of
    fetch   what to bring back, relative to where the command runs
    """

    words: Sequence[str]
    source: Path | None = None
    fetch: Sequence[str] = ()
    into: Path = Path()
    keeps_instance: bool = False


def run_errand(wiring: Wiring, asked: AskedLaunch, errand: Errand) -> int:
    """Do it all, and return the command's exit code.

    Raises what a launch and a connection raise, and PartlyDone where the command ran and what it
    made could not all be brought back.
    """
    plan = asked.plan(wiring)
    if plan.spec.count > 1:
        raise InputError(
            "--count is not for `spawn run`", why="it runs one command on one instance"
        )
    wiring.say(plan_text(plan, endpoint=asked.endpoint))
    progress = Lines(wiring.stderr)
    launched = perform_launch(wiring, asked.account, plan, replan=asked.replan, progress=progress)
    (instance_id,) = launched.ids
    if plan.spec.secrets:
        errand = replace(errand, words=(*WITH_SECRETS, *errand.words))
    keeper = _Keeper(wiring, asked.account, instance_id, plan.region, progress.phase)
    with keeper.kept() if errand.keeps_instance else keeper.ended():
        waiting = Waiting(wiring=wiring, account=asked.account, progress=progress.phase)
        way = waiting.for_ssh(plan, instance_id)
        if plan.spec.user_data is not None:
            waiting.for_user_data(instance_id, plan.region, way=way)
        return _work(wiring, way, errand, progress=progress.phase)


@dataclass(frozen=True)
class _Keeper:
    """Sees to it that what becomes of the instance is done, and said, whatever happens."""

    wiring: Wiring
    account: Account
    instance_id: str
    region: str
    progress: Progress

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Lend the instance, which lives on until its end date."""
        fate = f"{self.instance_id} is kept until its end date"
        connect_words = f"spawn connect {self.instance_id}"
        with _telling(fate, next_command=connect_words):
            yield
        self.progress(f"{fate}: {connect_words}")

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Lend the instance, and end it. Raises what ends the block, or why it could not be."""
        try:
            # EC2 keeps what an instance printed for a while after its end.
            logs = f"spawn logs {self.instance_id}"
            with _telling(f"{self.instance_id} was ended again", next_command=logs):
                yield
        finally:
            self._end()

    def _end(self) -> None:
        self.progress(f"ending {self.instance_id}")
        try:
            end_launched(self.wiring, self.account, self.instance_id, region=self.region)
        except KeyboardInterrupt as stop:
            raise Interrupted(
                f"{self.instance_id} may go on running, until its end date at the latest",
                next_command=f"spawn cancel {self.instance_id}",
            ) from stop
        self.progress(f"{self.instance_id} was ended")


@contextmanager
def _telling(fate: str, *, next_command: str) -> Iterator[None]:
    """Have whatever goes wrong say what becomes of the instance, and what to type then."""
    try:
        yield
    except SpawnError as error:
        error.aftermath = (*error.aftermath, fate)
        error.next_command = next_command
        raise
    except KeyboardInterrupt as stop:
        stopped = Interrupted("stopped before the command was over", next_command=next_command)
        stopped.aftermath = (fate,)
        raise stopped from stop


def _work(wiring: Wiring, way: Way, errand: Errand, *, progress: Progress) -> int:
    """Send, run, fetch; the instance answers already."""
    # From here on a lost connection is a failure, and no boot to be waited for.
    patience = Patience(limit_seconds=0.0, clock=wiring.clock.monotonic, sleep=wiring.clock.sleep)
    words = tuple(errand.words)
    if errand.source is not None:
        tree = list_directory(errand.source)
        for sentence in what_goes(tree):
            progress(sentence)
        send_directory(way, tree, WORKPLACE, patience=patience)
        words = (*_IN_DIRECTORY, WORKPLACE, *words)
    code = connect(way, words, terminal=wiring.is_terminal, patience=patience)
    trouble = _fetch(way, errand, patience, progress=progress) if errand.fetch else ""
    if trouble and code == 0:
        raise PartlyDone("the command did well, and not all that it made came back", why=trouble)
    if trouble:
        progress(f"not all came back: {trouble}")
    return code


def what_goes(tree: Tree) -> Iterator[str]:
    """Say what leaves this machine, and what does not: nobody reads the names of ten thousand."""
    yield f"sending {tree.root}: {tree.files} files, {tree.size_bytes} bytes"
    secret = likely_secrets(tree.names)
    if secret:
        yield f"among them what often holds secrets: {some_of(secret)}"
    if tree.left_out:
        yield f"not sent: {some_of(tree.left_out)}"


def some_of(names: Sequence[str]) -> str:
    """Return the first of the names in one line, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return "; ".join(names[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _fetch(way: Way, errand: Errand, patience: Patience, *, progress: Progress) -> str:
    """Bring the results back; return what is wrong with them, "" for nothing."""
    base = "." if errand.source is None else WORKPLACE
    try:
        fetched = fetch_paths(way, errand.fetch, errand.into, base=base, patience=patience)
    except AccountError as error:
        return f"{error.what}{error.why and f': {error.why}'}"
    progress(f"fetched {fetched.files} files, {fetched.size_bytes} bytes, into {errand.into}")
    return some_of((*fetched.messages, *(f"left out: {one}" for one in fetched.left_out)))
