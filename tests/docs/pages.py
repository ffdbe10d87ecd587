"""Which pages there are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def pages() -> tuple[Path, ...]:
    """Return every page that a person reads, the generated ones included."""
    return (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))


def title(page: Path) -> str:
    """Return the page's place in the project, as tests are named."""
    return str(page.relative_to(ROOT))
