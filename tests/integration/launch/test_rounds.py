"""How often a launch has to wait for AWS: the rounds, counted in front of it."""

from __future__ import annotations

from tests.tools.programs import Program
from tests.tools.proxy import Proxy

# Far more than what the program computes in between, so that what could overlap does.
LATENCY_SECONDS = 1.0
MOST_COLD, MOST_WARM = 6, 3
WORDS = ("launch", "--iam-policy", "s3:ReadOnly", "-o", "ids")


def test_a_launch_waits_few_times(spawn: Program, proxy: Proxy) -> None:
    """Up to schedule and record: six rounds in a fresh account, three once shared things exist."""
    proxy.latency_seconds = LATENCY_SECONDS
    for most in (MOST_COLD, MOST_WARM):
        proxy.forget()
        launched = spawn(*WORDS)
        assert launched.code == 0, launched.stderr
        assert proxy.rounds_to_last_write() <= most, "\n".join(
            f"{one.span.start_seconds:.2f} {one.span.end_seconds:.2f} {one.call.key}"
            for one in proxy.records
        )
