"""TAB in a real shell: commands, flags, their values, and one's own instances as they live now."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.launch.account import Account
from tests.tools.clouds import running_cloud
from tests.tools.programs import PROGRAMS, Finished, Program, clean_environment, run
from tests.tools.terminal import KILL_LINE, TAB, terminal

HOSTILE = ("$(touch pwned)", "`touch pwned`", "two words", "it's", "-rf", "a;touch pwned")
# One TAB may come too late where the machine is busy; a person presses it again.
PATIENCE_SECONDS = 60.0
# What bash would offer, one word a line, for the line that stands in $1.
ASK_BASH = """
eval "$(spawn completion bash)"
COMP_LINE=$1 COMP_POINT=${2:-${#1}}
type=mine value=mine kind=mine
"$(complete -p spawn | sed 's/.*-F \\([^ ]*\\).*/\\1/')" spawn 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
[[ $type$value$kind == mineminemine ]] || echo "the shell's own variables were changed"
"""


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account with three instances of the person's, and one for each hostile name."""
    with running_cloud(control_plane_only=True) as cloud:
        account = Account(cloud=cloud)
        for number, name in enumerate(("web", "worker", "worker", *HOSTILE)):
            run_instance(account, number, name)
        run_instance(account, 90, "theirs", owner="colleague")
        yield account


def run_instance(account: Account, number: int, name: str, *, owner: str = "admin") -> str:
    """Launch an instance as spawn does, and return its id."""
    launch_id = f"l-{number:016x}"
    tags = {"spawn": "true", "spawn:launch-id": launch_id, "owner": owner, "Name": name}
    ec2 = account.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ran = ec2.run_instances(
        ImageId=image,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        ClientToken=f"{launch_id}-a",
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )
    return str(ran["Instances"][0]["InstanceId"])


@pytest.fixture
def environment(account: Account, home: Path) -> dict[str, str]:
    """The environment of a person with an empty home, whose AWS is the account."""
    return account.cloud.environment(home)


def ask(environment: dict[str, str], directory: Path, line: str, *more: str) -> Finished:
    """Return what bash would offer for a line."""
    return run(
        ("bash", "--norc", "--noprofile", "-c", ASK_BASH, "bash", line, *more),
        environment=environment,
        directory=directory,
    )


def offered(environment: dict[str, str], directory: Path, line: str, *more: str) -> list[str]:
    """Return it as words, asking again where nothing came in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        finished = ask(environment, directory, line, *more)
        assert finished.code == 0
        assert finished.stderr == ""
        words = finished.stdout.split("\n")[:-1]
        if words != [""] or time.monotonic() > end:
            return words


def test_names_and_ids_of_ones_own_instances(
    account: Account, environment: dict[str, str], home: Path
) -> None:
    """Names come first, hostile and ambiguous ones by id alone, a colleague's not at all."""
    words = offered(environment, home, "spawn connect ")
    own = {
        each["InstanceId"]
        for page in account.client("ec2").describe_instances()["Reservations"]
        for each in page["Instances"]
        if {"Key": "owner", "Value": "admin"} in each["Tags"]
    }
    assert words[0] == "web"
    assert set(words[1:]) == own
    assert all(shlex.quote(word) == word for word in words)
    cache = home / ".cache" / "spawn"
    assert {file.stat().st_mode & 0o777 for file in cache.iterdir()} == {0o600}


@pytest.mark.parametrize("command", ["status", "cancel", "connect --bastion"])
def test_every_command_that_takes_an_instance(
    command: str, environment: dict[str, str], home: Path
) -> None:
    """Whichever command it is, the beginning of a name finds it."""
    assert offered(environment, home, f"spawn {command} we") == ["web"]


def test_what_was_written_is_not_offered_again(environment: dict[str, str], home: Path) -> None:
    """Of several instances to cancel, the next one is another one."""
    assert "web" not in offered(environment, home, "spawn cancel web ")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("spawn can", ["cancel"]),
        ("spawn completion ", ["bash", "zsh", "fish"]),
        ("spawn status --out", ["--output"]),
        ("spawn status -o ", ["table", "json", "yaml"]),
        ("spawn status --region us-w", ["us-west-1", "us-west-2"]),
        ("spawn status --region=us-w", ["us-west-1", "us-west-2"]),
        ("spawn status --profile wo", ["work"]),
    ],
)
def test_commands_flags_and_values(
    line: str, words: list[str], environment: dict[str, str], home: Path
) -> None:
    """They complete wherever they stand, also behind an equals sign."""
    config = home / "config"
    config.write_text("[profile work]\nregion = us-east-1\n[profile wo rk;]\n")
    assert offered({**environment, "AWS_CONFIG_FILE": str(config)}, home, line) == words


def test_the_cursor_need_not_be_at_the_end(environment: dict[str, str], home: Path) -> None:
    """What stands behind it plays no part."""
    line = "spawn can"
    assert offered(environment, home, f"{line} web --yes", str(len(line))) == ["cancel"]


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("spawn connect ", {"AWS_SECRET_ACCESS_KEY": "wrong"}),
        ("spawn connect ", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}),
        ("spawn connect ", {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}),
        ("spawn connect --profile nobody ", {}),
        ("spawn connect --local ", {"SPAWN_CLOUD_DIRECTORY": "no-cloud-is-here"}),
        ("spawn lanch ", {}),
        ("spawn status --region ", {"AWS_PROFILE": "nobody"}),
    ],
)
def test_failures_offer_nothing_and_say_nothing(
    line: str, extra: dict[str, str], environment: dict[str, str], home: Path
) -> None:
    """No credentials, no answer, no such word: the line being typed stays as it is."""
    begun = time.monotonic()
    finished = ask({**environment, **extra}, home, line)
    assert (finished.stdout, finished.stderr) == ("\n", "")
    assert time.monotonic() - begun < PATIENCE_SECONDS / 4
    assert not (home / "no-cloud-is-here").exists()


def test_a_question_for_a_password_never_reaches_the_line(
    environment: dict[str, str], home: Path
) -> None:
    """A role that wants a one-time password offers nothing: nobody is asked in mid-line."""
    config = home / "config"
    config.write_text(
        "[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/x\n"
        "credential_source = Environment\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    )
    settings = {**environment, "AWS_CONFIG_FILE": str(config), "PS1": "$ "}
    words = ("bash", "--norc", "--noprofile", "-i")
    with terminal(words, environment=settings, directory=home) as shell:
        shell.type('eval "$(spawn completion bash)"; echo rea""dy\r')
        shell.expect("ready\n")
        shell.type(f"spawn connect --profile mfa {TAB}")
        shell.type(f"{KILL_LINE}echo do''ne\r")
        shell.expect("done\n")
        assert "MFA" not in shell.text
        shell.type("exit\r")
        assert shell.finish() == 0


def test_tab_in_a_real_terminal(environment: dict[str, str], home: Path) -> None:
    """Whoever types `spawn stat`, TAB, `we`, TAB sees the whole line, and nothing ran."""
    words = ("bash", "--norc", "--noprofile", "-i")
    with terminal(words, environment={**environment, "PS1": "$ "}, directory=home) as shell:
        shell.type('eval "$(spawn completion bash)"; echo rea""dy\r')
        shell.expect("ready\n")
        shell.type(f"spawn stat{TAB}")
        shell.expect("spawn status ")
        end = time.monotonic() + PATIENCE_SECONDS
        seen = len(shell.text)
        shell.type(f"we{TAB}")
        while not shell.has("web ", after=seen, within_seconds=5) and time.monotonic() < end:
            shell.type(TAB)
        shell.expect("web ", after=seen)
        shell.type(f"{KILL_LINE}exit\r")
        assert shell.finish() == 0
    assert not (home / "pwned").exists()


def test_a_command_completes_without_botocore(home: Path) -> None:
    """The first TAB of all must not wait for what only commands need."""
    script = "import sys; from spawn.cli.root import run; run([]); print(*sys.modules)"
    asked = {"_SPAWN_COMPLETE": "bash_complete", "COMP_LINE": "spawn la"}
    finished = run(
        (str(PROGRAMS / "python"), "-c", script),
        environment={**clean_environment(home), **asked},
        directory=home,
    )
    offers, imported = finished.stdout.splitlines()
    assert offers == "plain,launch"
    assert not {"botocore", "rich", "moto"} & set(imported.split())


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_script(shell: str, bare_spawn: Program) -> None:
    """It is printed, and where the shell is installed it reads it without complaint."""
    script = bare_spawn("completion", shell)
    assert script.code == 0, script.stderr
    assert f"{shell}_complete" in script.stdout
    if shutil.which(shell):
        read = run(
            (shell, "--no-execute"),
            environment=dict(bare_spawn.environment),
            directory=bare_spawn.directory,
            stdin=script.stdout,
        )
        assert (read.code, read.stderr) == (0, "")


@pytest.mark.parametrize(
    ("shell", "answer"),
    [("zsh", "plain\nweb\n"), ("fish", "plain,web\t")],
)
def test_other_shells_get_descriptions(
    shell: str, answer: str, environment: dict[str, str], home: Path
) -> None:
    """zsh and fish show beside a name its id and how it is."""
    asked = {"COMP_WORDS": "spawn status we", "COMP_CWORD": "we" if shell == "fish" else "2"}
    settings = {**environment, **asked, "_SPAWN_COMPLETE": f"{shell}_complete"}
    end = time.monotonic() + PATIENCE_SECONDS
    finished = run((str(PROGRAMS / "spawn"),), environment=settings, directory=home)
    while not finished.stdout and time.monotonic() < end:
        finished = run((str(PROGRAMS / "spawn"),), environment=settings, directory=home)
    assert finished.stdout.startswith(answer)
    assert "running, t3.micro" in finished.stdout
    assert finished.stderr == ""
