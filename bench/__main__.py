"""Measures, prints a line a claim, and fails where one is missed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.agent import Agent, sizes
from bench.linting import linting
from bench.policies import judgements
from bench.secrets import scanning
from bench.timing import Cost, ProgramFailed, Ratio, cost, ratio_of_medians
from tests.tools.clouds import Cloud, running_cloud
from tests.tools.programs import PROGRAMS, Program, clean_environment
from tests.tools.proxy import Proxy

REGION = "us-east-1"
# Far above what the programs compute between two calls, so that overlap is unmistakable.
LATENCY_SECONDS = 0.5
COLD_LAUNCH_ROUNDS = 6
WARM_LAUNCH_ROUNDS = 3
DRY_RUN_ROUNDS = 1
COLD_START_TIMES = 15
LIST_TIMES = 7
SPAWN = str(PROGRAMS / "spawn")
PYTHON = str(PROGRAMS / "python")
AWS = str(PROGRAMS / "aws")


def cold_start(home: Path) -> Ratio:
    """What a person waits for before anything happens, against Python's own start."""
    environment = clean_environment(home)

    def wall_seconds(*words: str) -> float:
        return cost(words, environment=environment, directory=home).wall_seconds

    measured = ratio_of_medians(
        lambda: wall_seconds(SPAWN, "--version"),
        lambda: wall_seconds(PYTHON, "-c", "pass"),
        times=COLD_START_TIMES,
    )
    return Ratio(claim="spawn --version / python -c pass", measured=measured, target=3.0)


def listing(cloud: Cloud, home: Path) -> Ratio:
    """One region's list against the same question asked by the locked awscli."""
    environment = cloud.environment(home)

    def wall_seconds(*words: str) -> float:
        return cost(words, environment=environment, directory=home).wall_seconds

    measured = ratio_of_medians(
        lambda: wall_seconds(SPAWN, "list", "--region", REGION),
        lambda: wall_seconds(AWS, "ec2", "describe-instances", "--region", REGION),
        times=LIST_TIMES,
    )
    claim = f"spawn list --region {REGION} / aws ec2 describe-instances"
    return Ratio(claim=claim, measured=measured, target=0.6)


def waiting(cloud: Cloud, home: Path) -> Iterator[Ratio]:
    """How long a launch waits for AWS, in units of one answer's latency, and its rounds."""
    with Proxy(cloud.endpoint_url, latency_seconds=LATENCY_SECONDS) as proxy:
        environment = {**cloud.environment(home), "AWS_ENDPOINT_URL": proxy.url}
        launch(environment, home, "first")
        # Reading the instance back after the last write is not part of a launch's own rounds.
        yield rounds("cold launch", proxy.rounds_to_last_write(), COLD_LAUNCH_ROUNDS)
        proxy.forget()
        warm = launch(environment, home, "second")
        yield rounds("warm launch", proxy.rounds_to_last_write(), WARM_LAUNCH_ROUNDS)
        yield latencies("warm launch", warm, WARM_LAUNCH_ROUNDS)
        proxy.forget()
        dry = launch(environment, home, "third", "--dry-run")
        yield rounds("launch --dry-run", proxy.rounds(), DRY_RUN_ROUNDS)
        yield latencies("launch --dry-run", dry, DRY_RUN_ROUNDS)


def launch(environment: Mapping[str, str], home: Path, *words: str) -> Cost:
    """Launch one instance of that name, and don't wait for its boot; further words are flags."""
    name, *flags = words
    known = ("--region", REGION, "--ttl", "30m", "--wait", "running")
    asked = (SPAWN, "launch", "--name", name, *known, *flags)
    return cost(asked, environment=environment, directory=home)


def rounds(what: str, measured: int, expected: int) -> Ratio:
    """Report how many calls of `what` had to wait for one another."""
    return Ratio(claim=f"{what}: sequential rounds", measured=measured, target=expected)


def latencies(what: str, measured: Cost, expected: int) -> Ratio:
    """Report how long `what` waited, against the latency of so many rounds."""
    return Ratio(
        claim=f"{what}: (wall - own CPU) / ({expected} * latency)",
        measured=measured.waiting_seconds / (expected * LATENCY_SECONDS),
        target=None,
    )


def main() -> int:
    """Print every ratio; return 1 where a target is missed or a program fails."""
    met = True
    with tempfile.TemporaryDirectory(prefix="spawn-") as place:
        home = Path(place)
        try:
            for ratio in measure(home):
                print(ratio.line(), flush=True)
                met = met and ratio.is_met
        except ProgramFailed as failure:
            print(failure, file=sys.stderr)
            met = False
    return 0 if met else 1


def measure(home: Path) -> Iterator[Ratio]:
    """Yield the ratios as they are taken; the agent's ten minutes pass meanwhile."""
    yield from sizes()
    yield from linting()
    yield from judgements()
    yield from scanning()
    with running_cloud() as of_agent:
        environment = of_agent.environment(home)
        agent = Agent(Program(path=PROGRAMS / "spawn", environment=environment, directory=home))
        yield cold_start(home)
        with running_cloud() as cloud:
            yield listing(cloud, home)
            yield from waiting(cloud, home)
        yield from agent.footprint()


if __name__ == "__main__":
    sys.exit(main())
