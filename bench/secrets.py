"""The secret scanner against detect-secrets, the best known one in Python, on the tests' corpus."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from bench.timing import Ratio
from spawn.secrets.scan import scan_text
from tests.unit.secrets.corpus.clean import ORDINARY, REFERENCES
from tests.unit.secrets.corpus.measure import Measure, Scanner, measured

MOST_MILLISECONDS = 3.0
# What a launch may miss, and may be wrong about, before it is a nuisance.
MOST_MISSED, MOST_WRONG = 0.02, 0.02
TIMES = 41
# A script of ordinary size: some 90 lines, of which one in five fetches or uses a secret.
LINES, EVERY = 90, 5


def scanning() -> Iterator[Ratio]:
    """Yield how much each scanner misses and is wrong about, and how long it takes a script."""
    with tempfile.TemporaryDirectory(prefix="spawn-") as place, default_settings():
        theirs = _detect_secrets(Path(place) / "user-data.sh")
        yield from _accuracy("spawn secrets scan", _spawn, most=(MOST_MISSED, MOST_WRONG))
        yield from _accuracy(f"detect-secrets {version('detect-secrets')}", theirs)
        script = ordinary_script()
        size = f"a script of {len(script)} bytes"
        ours = _milliseconds(lambda: _spawn(script))
        claim = f"spawn secrets scan, {size}: CPU / {MOST_MILLISECONDS:.0f} ms"
        yield Ratio(claim=claim, measured=ours / MOST_MILLISECONDS, target=1.0)
        claim = f"spawn secrets scan / detect-secrets, {size}: CPU"
        yield Ratio(claim=claim, measured=ours / _milliseconds(lambda: theirs(script)), target=None)


def ordinary_script() -> str:
    """Return a boot script as they are, the same one each time."""
    chosen = random.Random(1)  # noqa: S311  no secret comes of it
    rows = [row for row in ORDINARY if not row.startswith("#!")]
    lines = [chosen.choice(REFERENCES if number % EVERY == 0 else rows) for number in range(LINES)]
    return "#!/bin/bash\nset -euo pipefail\n" + "\n".join(lines) + "\n"


def _accuracy(
    name: str, scanner: Scanner, *, most: tuple[float, float] | None = None
) -> Iterator[Ratio]:
    whole = [measured(scanner, held_back=held_back) for held_back in (False, True)]
    found = Measure(
        found=sum(one.found for one in whole),
        missed=tuple(row for one in whole for row in one.missed),
        wrong=tuple(row for one in whole for row in one.wrong),
    )
    for (word, share), target in zip(
        (("recall", found.recall), ("precision", found.precision)),
        most or (None, None),
        strict=True,
    ):
        claim = f"{name}: 1 - {word}, of {found.found + len(found.missed)} secrets"
        yield Ratio(claim=claim, measured=1 - share, target=target)


def _spawn(text: str) -> set[int]:
    return {one.line for one in scan_text(text)}


def _detect_secrets(path: Path) -> Scanner:
    """Return it as it is used: on a file, with all its plugins and its own filters."""

    def scanned(text: str) -> set[int]:
        path.write_text(text)
        return {one.line_number for one in scan_file(str(path))}

    return scanned


def _milliseconds(work: Callable[[], object]) -> float:
    """Return the least CPU time of so many: what else the machine does only adds to it."""
    work()
    taken = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken) * 1000
