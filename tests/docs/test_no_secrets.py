"""The project's own pages and examples hold no secret, and nothing that looks like one."""

from pathlib import Path

from spawn.secrets.files import scan_paths
from tests.docs.pages import ROOT, pages


def test_pages_and_examples_are_clean() -> None:
    """Every page, and every script and program that is shipped, is scanned without a finding."""
    shipped = [ROOT / "scripts", ROOT / ".ci", ROOT / "src" / "spored"]
    scanned = scan_paths([*pages(), *(path for path in shipped if path.exists())])
    told = [
        f"{Path(one.path).name}:{one.secret.line} {one.secret.kind}" for one in scanned.findings
    ]
    assert told == []
    assert scanned.files > len(pages())
