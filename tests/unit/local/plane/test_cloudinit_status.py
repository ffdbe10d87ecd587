"""`cloud-init status` says what the files say, as each release words it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from spawn.local.plane.cloudinit_release import RESULT, STAGES, STATUS, Release
from spawn.local.plane.cloudinit_status import Report, read_report, render

OLD, MIDDLE, NEW = Release("22.2.2"), Release("22.4.2"), Release("25.1.4-0ubuntu0~24.04.1")
BEGUN = {"errors": [], "start": 1769506200.0, "finished": None}
ENDED = {**BEGUN, "finished": 1769506201.5}
FAILED = {**ENDED, "errors": ["('scripts-user', RuntimeError('x'))"]}
WARNED = {**ENDED, "recoverable_errors": {"WARNING": ["one", "two"]}}


def report(final: object, *, is_over: bool) -> Report:
    early = dict.fromkeys(STAGES[:-1], ENDED)
    stage = None if is_over else STAGES[-1]
    v1 = {**early, STAGES[-1]: final, "stage": stage, "datasource": "DataSourceEc2Local"}
    return Report(v1=v1, is_over=is_over)


@pytest.mark.parametrize(
    ("found", "status", "extended", "code"),
    [
        (Report(v1={}, is_over=False), "not started", "not started", 0),
        (report(BEGUN, is_over=False), "running", "running", 0),
        (report(ENDED, is_over=True), "done", "done", 0),
        (report(FAILED, is_over=True), "error", "error - done", 1),
        (report(FAILED, is_over=False), "error", "error - running", 1),
        (report(WARNED, is_over=True), "done", "degraded done", 2),
    ],
)
def test_the_word_and_the_exit_code(found: Report, status: str, extended: str, code: int) -> None:
    """An error counts from the moment it is recorded; a warning never hides the progress."""
    assert (found.status, found.extended_status, found.exit_code) == (status, extended, code)
    assert render(found, OLD, form="tabular", is_long=False) == f"status: {status}\n"


def test_the_long_form_of_each_release() -> None:
    """The long form names the datasource, or what failed, in the words of its release."""
    done, failed = report(ENDED, is_over=True), report(FAILED, is_over=True)
    moment = "Tue, 27 Jan 2026 09:30:01 +0000"
    assert render(done, OLD, form="tabular", is_long=True) == (
        f"status: done\ntime: {moment}\ndetail:\nDataSourceEc2Local\n"
    )
    assert render(failed, MIDDLE, form="tabular", is_long=True) == (
        f"status: error\nboot_status_code: enabled-by-generator\nlast_update: {moment}\n"
        "detail:\n('scripts-user', RuntimeError('x'))\n"
    )
    assert render(report(WARNED, is_over=True), NEW, form="tabular", is_long=True) == (
        "status: done\nextended_status: degraded done\nboot_status_code: enabled-by-generator\n"
        f"last_update: {moment}\ndetail: DataSourceEc2Local\nerrors: []\n"
        "recoverable_errors:\nWARNING:\n\t- one\n\t- two\n"
    )


def test_json_and_yaml_are_the_same_document() -> None:
    """Both forms carry everything, and newer releases each stage beside it."""
    failed = report(FAILED, is_over=True)
    for release, has_stages in ((MIDDLE, False), (NEW, True)):
        document = json.loads(render(failed, release, form="json", is_long=False))
        assert yaml.safe_load(render(failed, release, form="yaml", is_long=False)) == document
        assert document["status"] == "error"
        assert document["datasource"] == "ec2local"
        assert ("modules-final" in document) is has_stages


def test_what_is_not_there_yet_is_not_started(tmp_path: Path) -> None:
    """Before the first file there is nothing; the result, and only it, makes a boot over."""
    assert read_report(tmp_path) == Report(v1={}, is_over=False)
    (tmp_path / STATUS).write_text(json.dumps({"v1": {"stage": "init"}}))
    assert read_report(tmp_path) == Report(v1={"stage": "init"}, is_over=False)
    (tmp_path / RESULT).touch()
    assert read_report(tmp_path).is_over


@pytest.mark.parametrize(
    ("version", "formats", "counts", "module"),
    [
        ("19.3-46.amzn2", False, False, "scripts-user"),
        ("22.2.2", False, False, "scripts-user"),
        ("22.4.2-1+deb12u2", True, False, "scripts-user"),
        ("23.1", True, False, "scripts_user"),
        ("23.4.1", True, True, "scripts_user"),
        ("25.1.4-0ubuntu0~24.04.1", True, True, "scripts_user"),
        ("", False, False, "scripts-user"),
    ],
)
def test_releases_by_their_version(
    version: str, *, formats: bool, counts: bool, module: str
) -> None:
    """A version in any distribution's writing tells what its release has."""
    release = Release(version)
    assert (release.has_formats, release.has_recoverable_errors) == (formats, counts)
    assert release.module("scripts_user") == module
