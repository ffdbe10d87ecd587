"""What a person reads of the doctor's findings, on a terminal and in a pipe."""

from __future__ import annotations

from dataclasses import replace

from spawn.cli.rendering.examining import examination_text
from spawn.launch.doctor.examine import examine
from spawn.launch.doctor.facts import Problem
from tests.unit.launch.doctor.builders import facts, machine, of_account, unseen
from tests.unit.launch.doctor.examples import NOBODY

PLUGIN = Problem(
    what="it is not installed", command=f"curl -O https://{'plugin.' * 12}deb && sudo dpkg -i it"
)


def test_what_wants_mending_comes_below_the_table_the_worst_first() -> None:
    """Each row is in the table; below stands why it matters and a command that can be copied."""
    found = examine(facts(machine=machine(ssh="", plugin=PLUGIN)))
    text = examination_text(found, columns=None, colour=False)
    table, *remedies = text.split("\n\n")
    assert table.splitlines()[1].split()[:3] == ["credentials", "credentials", "ok"]
    assert [one.split(":")[0] for one in remedies] == [
        "MISSING ssh",
        "WARN session-plugin",
        "missing for a launch at --security standard",
    ]
    assert f"\n  {PLUGIN.command}" in text


def test_rows_that_one_command_mends_share_it() -> None:
    """What is typed once is shown once, and what nothing mends is in the table alone."""
    found = examine(
        of_account(
            boundary=unseen("iam:GetPolicy"),
            denied={"iam:GetPolicy": "no", "ec2:DescribeVpcs": "no"},
            rehearsed=(),
        )
    )
    text = examination_text(found, columns=None, colour=False)
    assert text.count("spawn permissions launch") == 1
    assert "MISSING may-look:" in text
    assert "UNKNOWN boundary:" in text
    assert "UNKNOWN may-launch:" not in text
    assert "could not be looked at: may-launch, boundary" in text


def test_a_terminal_is_never_overrun() -> None:
    """At 80 columns words are folded, and only commands go on."""
    facts_of_a_plugin = replace(NOBODY, machine=machine(plugin=PLUGIN))
    text = examination_text(examine(facts_of_a_plugin), columns=80, colour=False)
    long = [line for line in text.splitlines() if len(line) > 80]
    assert long
    assert all(line.startswith("  curl ") for line in long)


def test_foreign_words_do_not_act_on_the_terminal() -> None:
    """What AWS, a file or a program says is escaped in the table and below it."""
    hostile = Problem(what="\x1b[2J", command="\x1b]0;x\x07")
    text = examination_text(
        examine(facts(machine=machine(settings=hostile))), columns=80, colour=False
    )
    assert "\x1b" not in text
    assert "\\x1b" in text
