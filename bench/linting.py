"""Lint against parliament, the best known linter of IAM policies, on AWS's own policies."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence

from moto.iam.aws_managed_policies import aws_managed_policies_data

from bench.timing import Ratio

Judge = Callable[[str], bool]

# One in so many of 1,600 policies: parliament takes half a minute for all of them.
EVERY = 8
# The least of so many: other programs on the machine only ever make it longer.
ROUNDS = 5

# What nobody should let pass: everything, to everybody, and longer than AWS takes.
BAD = {
    "* on *": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    "a public bucket": {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
    },
    "a policy too long": {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": [f"arn:aws:s3:::bucket-{number:05}/*" for number in range(600)],
    },
}


def linting() -> Iterator[Ratio]:
    """Yield how long lint takes against parliament, and what it overlooks of what that passes.

    Each starts from nothing in this process: parliament reads its tables when it is loaded, ours
    while it judges. Then both judge the same policies again, with all that they remember.
    """
    texts = list(_managed())[::EVERY]
    our_seconds, ours = _timed(_lint, texts)
    their_seconds, theirs = _timed(_parliament, texts)
    claim = f"spawn policy lint / parliament, {len(texts)} policies of AWS's own"
    yield Ratio(claim=claim, measured=our_seconds / their_seconds, target=0.2)
    again = min(_again(ours, texts) for _ in range(ROUNDS))
    theirs_again = min(_again(theirs, texts) for _ in range(ROUNDS))
    yield Ratio(claim=f"{claim}, again", measured=again / theirs_again, target=0.25)
    bad = [_text(statement) for statement in BAD.values()]
    passed = [text for text in bad if not theirs(text)]
    overlooked = sum(not ours(text) for text in passed)
    claim = f"of {len(bad)} bad policies, {len(passed)} of which parliament passes: overlooked"
    yield Ratio(claim=claim, measured=overlooked, target=0)


def _timed(load: Callable[[], Judge], texts: Sequence[str]) -> tuple[float, Judge]:
    """Return the seconds of CPU that loading and judging took, and what judges."""
    start = time.process_time()
    judge = load()
    for text in texts:
        judge(text)
    return time.process_time() - start, judge


def _again(judge: Judge, texts: Sequence[str]) -> float:
    start = time.process_time()
    for text in texts:
        judge(text)
    return time.process_time() - start


def _lint() -> Judge:
    from spawn.iam.lint import Source, is_refused, lint  # noqa: PLC0415  loading it is timed

    return lambda text: is_refused([lint(text.encode(), Source(name="p.json"))])


def _parliament() -> Judge:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pkg_resources, which it still asks for its files
        import parliament  # noqa: PLC0415  loading it is timed

    return lambda text: bool(parliament.analyze_policy_string(text).findings)


def _managed() -> Iterator[str]:
    policies = json.loads(aws_managed_policies_data)
    for name in sorted(policies):
        yield json.dumps(policies[name]["Document"])


def _text(statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
