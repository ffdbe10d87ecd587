"""The reference says what the commands say of themselves."""

from tests.docs.pages import REFERENCE, ROOT
from tests.tools.programs import Program


def test_the_reference_is_up_to_date(bare_spawn: Program) -> None:
    """`scripts/reference` would write exactly the pages that are there."""
    program = ROOT / "scripts" / "reference"
    check = Program(
        path=program, environment=bare_spawn.environment, directory=bare_spawn.directory
    )
    done = check("--check")
    assert done.code == 0, done.stdout + done.stderr


def test_every_command_has_its_page(bare_spawn: Program) -> None:
    """Each command that `spawn --help` names has a page of its own, and there is no other page."""
    listed = bare_spawn("--help").stdout.partition("Commands:")[2]
    names = {
        line.split()[0]
        for line in listed.splitlines()
        if line.startswith("  ") and line[2:3] != " "
    }
    assert names == {page.stem for page in REFERENCE.glob("*.md")}
