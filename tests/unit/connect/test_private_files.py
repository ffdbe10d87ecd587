"""What is lent for a connection is gone afterwards, even where the process was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from spawn.connect.private_files import private_scratch

_DIES = """
import os, signal, sys
from pathlib import Path
from spawn.connect.private_files import private_scratch
with private_scratch(Path(sys.argv[1])) as scratch:
    (scratch / "key").write_text("secret")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """The next connection removes the keys of one that was killed, and nothing else."""
    (tmp_path / "pin").write_text("kept")
    subprocess.run([sys.executable, "-c", _DIES, str(tmp_path)], check=False, timeout=60)
    assert list(tmp_path.rglob("key"))
    with private_scratch(tmp_path) as scratch:
        assert set(tmp_path.iterdir()) == {scratch, tmp_path / "pin"}
    assert list(tmp_path.iterdir()) == [tmp_path / "pin"]


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    """Connections side by side take nothing from each other."""
    with private_scratch(tmp_path) as one:
        (one / "key").write_text("in use")
        with private_scratch(tmp_path) as other:
            assert one != other
        assert (one / "key").exists()
        assert not other.exists()
