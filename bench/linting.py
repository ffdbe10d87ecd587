"""Lint against parliament, the best known linter of IAM policies, on AWS's own policies."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence

from moto.iam.aws_managed_policies import aws_managed_policies_data

from bench.timing import Ratio, ratio_of_medians
from spawn.iam.lint import Source, is_refused, lint

# One in so many of 1,600 policies: parliament takes a minute and a half for all of them.
EVERY = 16

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
    """Yield how long lint takes against parliament, and what it overlooks of what that passes."""
    judge = _parliament()
    texts = list(_managed())[::EVERY]
    # Medians of three: the first of ours also reads IAM's tables, which parliament has read above.
    measured = ratio_of_medians(
        lambda: _seconds(_is_wrong, texts), lambda: _seconds(judge, texts), times=3
    )
    claim = f"spawn policy lint / parliament, {len(texts)} policies of AWS's own"
    yield Ratio(claim=claim, measured=measured, target=0.2)
    bad = [_text(statement) for statement in BAD.values()]
    passed = [text for text in bad if not judge(text)]
    overlooked = sum(not _is_wrong(text) for text in bad)
    claim = f"of {len(bad)} bad policies, {len(passed)} of which parliament passes: overlooked"
    yield Ratio(claim=claim, measured=overlooked, target=0)


def _parliament() -> Callable[[str], bool]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pkg_resources, which it still asks for its files
        import parliament  # noqa: PLC0415  it takes a second, and is needed here alone

    def is_wrong(text: str) -> bool:
        return bool(parliament.analyze_policy_string(text).findings)

    return is_wrong


def _managed() -> Iterator[str]:
    policies = json.loads(aws_managed_policies_data)
    for name in sorted(policies):
        yield json.dumps(policies[name]["Document"])


def _text(statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _is_wrong(text: str) -> bool:
    return is_refused([lint(text.encode(), Source(name="p.json"))])


def _seconds(judge: Callable[[str], bool], texts: Sequence[str]) -> float:
    start = time.process_time()
    for text in texts:
        judge(text)
    return time.process_time() - start
