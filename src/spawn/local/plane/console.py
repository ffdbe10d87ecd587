"""Keeps the end of each instance's console in a file, as EC2 does."""

from __future__ import annotations

import os

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
LIMIT_BYTES = 64 * 1024


class ConsoleFiles:
    """Console files by instance id in one directory, which is given as an open descriptor."""

    def __init__(self, directory: int) -> None:
        self._directory = directory

    def append(self, instance_id: str, text: bytes) -> None:
        """Add to a console; what goes beyond the last 64 KiB is forgotten."""
        name = _file_name(instance_id)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        file = os.open(name, flags, 0o600, dir_fd=self._directory)
        try:
            size = os.fstat(file).st_size
            if size + len(text) <= LIMIT_BYTES:
                os.write(file, text)
                return
            kept = os.pread(file, LIMIT_BYTES, max(0, size - LIMIT_BYTES)) + text
        finally:
            os.close(file)
        self._replace(name, kept[-LIMIT_BYTES:])

    def _replace(self, name: str, text: bytes) -> None:
        """Put a new file in the old one's place at once: readers see one or the other."""
        new = name + ".new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        file = os.open(new, flags, 0o600, dir_fd=self._directory)
        try:
            os.write(file, text)
        finally:
            os.close(file)
        os.rename(new, name, src_dir_fd=self._directory, dst_dir_fd=self._directory)

    def forget(self, instance_id: str) -> None:
        """Remove a console, if there is one."""
        try:
            os.unlink(_file_name(instance_id), dir_fd=self._directory)
        except FileNotFoundError:
            return


def _file_name(instance_id: str) -> str:
    return f"{instance_id}.log"
