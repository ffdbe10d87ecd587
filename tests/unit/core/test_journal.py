"""What the journal promises."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spawn.core.journal import (
    KEPT,
    FileJournal,
    Finished,
    Planned,
    StepDone,
    StepFailed,
    StepStarted,
    StepUndone,
    add_entries,
    journal_path,
    journalled_launches,
    prune,
    read_journal,
)
from spawn.core.steps import Output

NOW = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
LAUNCH = "l-0123456789abcdef"


def planned(launch_id: str = LAUNCH, at: datetime = NOW) -> Planned:
    return Planned(
        at=at,
        launch_id=launch_id,
        account="123456789012",
        region="eu-west-1",
        endpoint="https://ec2.eu-west-1.amazonaws.com",
        plan_digest="d1",
        client_tokens={"ec2:RunInstances": ("t-1", "t-2")},
    )


def started(step: int = 0, operation: str = "ec2:RunInstances") -> StepStarted:
    return StepStarted(at=NOW, step=step, operation=operation, region="eu-west-1")


def done(step: int = 0) -> StepDone:
    return StepDone(at=NOW, step=step, outputs={Output.INSTANCE_ID: ("i-0abc",)})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Every kind of entry comes back as it was, in the order in which it was written."""
    entries = (
        planned(),
        started(),
        done(),
        started(1, "scheduler:CreateSchedule"),
        StepFailed(at=NOW, step=1, code="ValidationException"),
        StepUndone(at=NOW, step=0),
        Finished(at=NOW, succeeded=False),
    )
    path = journal_path(tmp_path, LAUNCH)
    with FileJournal(path) as journal:
        for entry in entries:
            journal.write(entry)
    launch = read_journal(path)
    assert launch is not None
    assert (launch.planned, *launch.steps) == entries
    assert launch.outputs == {Output.INSTANCE_ID: ("i-0abc",)}
    assert launch.is_finished


def test_only_steps_that_are_done_count(tmp_path: Path) -> None:
    """A step that began and has not ended is not taken for done."""
    path = journal_path(tmp_path, LAUNCH)
    with FileJournal(path) as journal:
        for entry in (planned(), started(), done(), started(1, "scheduler:CreateSchedule")):
            journal.write(entry)
    launch = read_journal(path)
    assert launch is not None
    assert launch.times_done(["ec2:RunInstances"]) == 1
    assert launch.times_done(["scheduler:CreateSchedule"]) == 0


@pytest.mark.parametrize("torn_bytes", range(1, 40, 3))
def test_a_torn_last_line_is_passed_over(tmp_path: Path, torn_bytes: int) -> None:
    """A machine that stops while it writes costs that one entry, and no other."""
    path = journal_path(tmp_path, LAUNCH)
    with FileJournal(path) as journal:
        for entry in (planned(), started(), done()):
            journal.write(entry)
    path.write_bytes(path.read_bytes()[:-torn_bytes])
    launch = read_journal(path)
    assert launch is not None
    assert launch.steps == ((started(), done()) if torn_bytes == 1 else (started(),))


@pytest.mark.parametrize("content", [b"", b"\x00\xff\n", b'{"type":"done"}\n', b"[]\n{}\n"])
def test_a_file_that_is_no_journal_is_passed_over(tmp_path: Path, content: bytes) -> None:
    """What something else wrote into the directory is not taken for a launch."""
    (tmp_path / "stray.jsonl").write_bytes(content)
    assert journalled_launches(tmp_path) == ()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Directory and file are their owner's alone, whatever the umask."""
    before = os.umask(0)
    try:
        path = journal_path(tmp_path / "state" / "journal", LAUNCH)
        with FileJournal(path) as journal:
            journal.write(planned())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_id_is_journalled_once(tmp_path: Path) -> None:
    """A second journal of the same launch would mix two stories, and is refused."""
    path = journal_path(tmp_path, LAUNCH)
    with FileJournal(path), pytest.raises(FileExistsError):
        FileJournal(path)


@pytest.mark.parametrize("launch_id", ["../../etc/passwd", "a/b", "", ".", "x" * 65])
def test_an_id_that_is_a_path_is_refused(tmp_path: Path, launch_id: str) -> None:
    """No launch id leads out of the directory."""
    with pytest.raises(ValueError, match="not a launch id"):
        journal_path(tmp_path, launch_id)


def cut_off(directory: Path) -> set[str]:
    return {
        launch.planned.launch_id for launch in journalled_launches(directory) if launch.is_cut_off
    }


def test_unfinished_are_those_that_were_cut_off(tmp_path: Path) -> None:
    """A launch is unfinished when its process is gone and no last entry was written."""
    with FileJournal(journal_path(tmp_path, "l-cut")) as journal:
        journal.write(planned("l-cut"))
    with FileJournal(journal_path(tmp_path, "l-done")) as journal:
        journal.write(planned("l-done"))
        journal.write(Finished(at=NOW, succeeded=True))
    with FileJournal(journal_path(tmp_path, "l-running")) as running:
        running.write(planned("l-running"))
        assert cut_off(tmp_path) == {"l-cut"}
    assert cut_off(tmp_path) == {"l-cut", "l-running"}


def test_old_journals_go_when_they_are_finished(tmp_path: Path) -> None:
    """Only what ended long ago is deleted; what was cut off stays until it is dealt with."""
    long_ago = NOW - KEPT - timedelta(days=1)
    for launch_id, at, is_finished in (
        ("l-old", long_ago, True),
        ("l-old-cut", long_ago, False),
        ("l-new", NOW, True),
    ):
        with FileJournal(journal_path(tmp_path, launch_id)) as journal:
            journal.write(planned(launch_id, at))
            if is_finished:
                journal.write(Finished(at=at, succeeded=True))
    assert [path.stem for path in prune(tmp_path, now=NOW)] == ["l-old"]
    left = {launch.planned.launch_id for launch in journalled_launches(tmp_path)}
    assert left == {"l-old-cut", "l-new"}


def test_no_directory_means_no_launches(tmp_path: Path) -> None:
    """Before the first launch there is nothing to read, and that is no error."""
    assert journalled_launches(tmp_path / "none") == ()
    assert prune(tmp_path / "none", now=NOW) == ()


@pytest.mark.parametrize("torn", [b"", b'{"type":"done","at":'])
def test_a_later_process_may_add_what_it_learnt(torn: bytes, tmp_path: Path) -> None:
    """What is added counts, also after a line that was torn when the first process ended."""
    path = journal_path(tmp_path, LAUNCH)
    with FileJournal(path) as journal:
        journal.write(planned())
        with pytest.raises(BlockingIOError):
            add_entries(path, (done(),))
    path.write_bytes(path.read_bytes() + torn)
    add_entries(path, (started(), done(), Finished(at=NOW, succeeded=False)))
    launch = read_journal(path)
    assert launch is not None
    assert launch.steps == (started(), done(), Finished(at=NOW, succeeded=False))
