"""How a boot went, from cloud-init's own words in several versions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.boot import (
    QUESTION,
    BootState,
    FailedPart,
    read_answer,
    read_console_boot,
)

AL2023 = "22.2.2"
UBUNTU = "25.1.4-0ubuntu0~24.04.1"
SCRIPTS = "/var/lib/cloud/instance/scripts"
MODULE_FAILED = f"Failed to run module scripts-user (scripts in {SCRIPTS})"
RUNNING_FAILED = (
    "Running module scripts-user (<module 'cloudinit.config.cc_scripts_user' from "
    "'/usr/lib/python3.9/site-packages/cloudinit/config/cc_scripts_user.py'>) failed"
)
RUNPARTS = (
    "('scripts-user', RuntimeError('Runparts: 2 failures (part-001,b) in 3 attempted commands'))"
)
CODES = f"""\
Command: ['{SCRIPTS}/part-001']
Exit code: 3
Command: ['{SCRIPTS}/part-001']
Exit code: 7
Command: ['udevadm', 'settle']
Exit code: 1
Command: ['{SCRIPTS}/b']
Exit code: -9
"""


def stage(name: str, version: str = AL2023) -> str:
    """Write the line with which a stage begins."""
    return (
        f"[   12.3] cloud-init[2190]: Cloud-init v. {version} running '{name}' at "
        "Tue, 27 Jan 2026 09:29:48 +0000. Up 12.3 seconds.\r\n"
    )


def finished(version: str = AL2023) -> str:
    """Write the line with which the last stage ends."""
    return (
        f"Cloud-init v. {version} finished at Tue, 27 Jan 2026 09:30:00 +0000. "
        "Datasource DataSourceEc2Local.  Up 12.34 seconds\r\n"
    )


def warning(text: str, module: str = "cc_scripts_user.py") -> str:
    """Write a warning as cloud-init logs it to the console."""
    return f"2026-01-27 09:30:00,123 - {module}[WARNING]: {text}\r\n"


STAGES = stage("init-local") + stage("init") + stage("modules:config") + stage("modules:final")
FAILURE = warning(MODULE_FAILED) + warning(RUNNING_FAILED, "util.py")


def answer(*, running: str | None = None, errors: list[str] | None = None, **given: str) -> str:
    """Write what an instance prints when it is asked."""
    sections = {"status": "status: running", "result": "", "stage": "", "unit": "", "codes": ""}
    if running is not None:
        sections["stage"] = json.dumps({"v1": {"stage": running, "init": {"errors": []}}})
    if errors is not None:
        sections["result"] = json.dumps({"v1": {"datasource": "DataSourceEc2", "errors": errors}})
    sections |= given
    return "".join(f"\n=====spawn===== {name}\n{text}\n" for name, text in sections.items())


def test_a_good_boot_is_done() -> None:
    """A result without errors means that everything ran and ended well."""
    assert read_answer(answer(errors=[])).state is BootState.DONE


def test_a_failed_script_is_named_with_its_exit_code() -> None:
    """Each script that failed is named, with the code of its last run, a signal's as negative."""
    outcome = read_answer(answer(errors=[RUNPARTS], codes=CODES))
    assert outcome.state is BootState.FAILED
    assert outcome.parts == (
        FailedPart(name="part-001", exit_code=7),
        FailedPart(name="b", exit_code=-9),
    )
    assert outcome.exit_code == 7
    assert outcome.errors == (RUNPARTS,)


def test_a_failure_without_the_log_has_no_exit_code() -> None:
    """Who may not read cloud-init's log is told which script failed, and no made-up code."""
    outcome = read_answer(answer(errors=[RUNPARTS]))
    assert [part.name for part in outcome.parts] == ["part-001", "b"]
    assert outcome.exit_code is None


def test_what_could_not_be_started_has_no_exit_code() -> None:
    """A script without a first line that names its interpreter never had an exit code."""
    log = f"Command: ['{SCRIPTS}/b']\nExit code: -\n"
    outcome = read_answer(answer(errors=[RUNPARTS], codes=log))
    assert FailedPart(name="b") in outcome.parts


def test_another_failing_module_is_a_failure() -> None:
    """A package that can't be installed fails the boot as well, though no script did."""
    outcome = read_answer(answer(errors=["('package-update', ProcessExecutionError('...'))"]))
    assert (outcome.state, outcome.parts) == (BootState.FAILED, ())


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"running": "modules-final"}, BootState.RUNNING),
        ({"running": "init", "status": "status: error"}, BootState.RUNNING),
        ({"status": "status: not started"}, BootState.RUNNING),
        ({"running": "modules-final", "unit": "failed"}, BootState.FAILED),
        ({"status": "status: disabled"}, BootState.UNKNOWN),
        ({"status": "missing"}, BootState.UNKNOWN),
        ({"status": ""}, BootState.UNKNOWN),
    ],
)
def test_without_a_result_a_boot_is_not_over(given: dict[str, Any], state: BootState) -> None:
    """An early error ends nothing; a unit that failed amid its work, or no cloud-init, does."""
    assert read_answer(answer(**given)).state is state


@given(st.text())
def test_no_answer_makes_a_boot_done(text: str) -> None:
    """Whatever is printed that is not cloud-init's result, nothing is taken for done."""
    assert read_answer(text).state is not BootState.DONE
    assert read_answer(answer(result=text)).state is not BootState.DONE


def test_the_question_asks_for_every_section() -> None:
    """The script prints each mark that the answer is read by, and runs nothing of the user's."""
    for name in ("status", "result", "stage", "unit", "codes"):
        assert f"echo '=====spawn===== {name}'" in QUESTION


@pytest.mark.parametrize("version", [AL2023, "22.4.2", UBUNTU])
def test_a_console_shows_a_good_boot(version: str) -> None:
    """The final message after the last stage, and no failure before it, is a good boot."""
    assert read_console_boot(STAGES).state is BootState.RUNNING
    assert read_console_boot(STAGES).stage == "modules:final"
    assert read_console_boot(STAGES + finished(version)).state is BootState.DONE


def test_a_console_shows_a_failed_script() -> None:
    """Since 20.4 the console says that a script failed, and neither which one nor its code."""
    outcome = read_console_boot(STAGES + FAILURE + finished())
    assert outcome.state is BootState.FAILED
    assert outcome.errors == (MODULE_FAILED, RUNNING_FAILED)
    assert outcome.exit_code is None


def test_an_old_console_shows_the_exit_code() -> None:
    """Before 20.4 the console named the script and its code."""
    old = warning(f"Failed running {SCRIPTS}/part-001 [7]", "util.py")
    outcome = read_console_boot(STAGES + old + FAILURE + finished("19.3"))
    assert outcome.parts == (FailedPart(name="part-001", exit_code=7),)


@pytest.mark.parametrize(
    "line",
    [
        "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mcloud-final.service\x1b[0m.",
        "[FAILED] Failed to start Execute cloud user/final scripts.",
    ],
)
def test_a_failed_unit_is_a_failed_boot(line: str) -> None:
    """systemd says so in words of its own where cloud-init did not come to its last ones."""
    assert read_console_boot(f"{STAGES}{line}\r\n").state is BootState.FAILED


def test_a_changed_final_message_does_not_hide_the_end() -> None:
    """Where the person's own message stands for cloud-init's, systemd's words tell of the end."""
    end = "[  OK  ] Finished cloud-final.service - Cloud-init: Final Stage.\r\n"
    assert read_console_boot(f"{STAGES}all done!\r\n{end}").state is BootState.DONE


@pytest.mark.parametrize("start", [stage("init-local"), "[    0.000000] Linux version 6.1.0\r\n"])
def test_only_the_last_boot_counts(start: str) -> None:
    """After a reboot neither an old failure nor an old end says anything of this boot."""
    assert read_console_boot(STAGES + FAILURE + finished() + start + STAGES).state is (
        BootState.RUNNING
    )
    assert read_console_boot(STAGES + FAILURE + finished() + start + STAGES + finished()).state is (
        BootState.DONE
    )


def test_a_boot_that_was_cut_off_says_nothing_of_the_next() -> None:
    """A reboot amid the last stage begins anew, its failures forgotten."""
    assert read_console_boot(STAGES + FAILURE + STAGES + finished()).state is BootState.DONE


@given(st.lists(st.sampled_from(["output", "Cloud-init", finished(), "Started sshd"])))
def test_a_failure_is_not_talked_away(lines: list[str]) -> None:
    """Nothing that is printed after a failure makes the same boot a good one."""
    console = STAGES + FAILURE + "\r\n".join(lines) + "\r\n" + finished()
    assert read_console_boot(console).state is BootState.FAILED


@pytest.mark.parametrize(
    "line",
    [
        f"WARNING]: Failed running /a/part-001 [{'9' * 5000}]",
        "Cloud-init v. " * 4600,
        "Started " * 8000,
    ],
    ids=["a number beyond reason", "no end", "no unit"],
)
def test_what_a_console_may_hold_neither_fails_nor_holds_up(line: str) -> None:
    """A script may print what no program of the boot would: looking at it takes no time."""
    began = time.process_time()
    assert read_console_boot(f"{line}\n").state is BootState.UNKNOWN
    assert time.process_time() - began < 1


def test_a_log_that_tells_no_exit_code_leaves_it_unknown() -> None:
    """A number that no program can end with is not taken for one."""
    result = '{"v1": {"errors": ["Runparts: 1 failures (x) in 1 attempted commands"]}}'
    codes = f"Command: ['x']\nExit code: {'9' * 5000}"
    outcome = read_answer(f"\n=====spawn===== result\n{result}\n=====spawn===== codes\n{codes}\n")
    assert (outcome.state, outcome.exit_code) == (BootState.FAILED, None)


def test_an_empty_console_says_nothing() -> None:
    """What shows nothing of cloud-init is neither running nor done."""
    assert read_console_boot("").state is BootState.UNKNOWN
    assert read_console_boot("login: ").state is BootState.UNKNOWN
