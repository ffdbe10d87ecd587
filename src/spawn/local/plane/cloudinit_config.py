"""The keys of `#cloud-config` that an embedded instance understands, and what they write."""

from __future__ import annotations

import base64
import binascii
import gzip
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

import yaml

from spawn.local.plane.userdata import Part

_KEYS = ("bootcmd", "runcmd", "write_files")


def merge_configuration(parts: Iterable[Part]) -> tuple[Mapping[str, object], list[str]]:
    """Make one mapping of all parts, and say what was wrong with them.

    Of two parts that name a key the later wins, as by cloud-init's default way of merging.
    """
    merged: dict[str, object] = {}
    complaints = []
    for part in parts:
        try:
            found = yaml.safe_load(part.content)
        except yaml.YAMLError as error:
            complaints.append(f"Failed at merging in cloud config part from {part.name}: {error}")
            continue
        if isinstance(found, dict):
            merged |= {str(key): value for key, value in found.items()}
    complaints += [
        f"cloud-config '{key}' is not supported by the embedded cloud"
        for key in sorted(set(merged) - set(_KEYS))
    ]
    return merged, complaints


def shell_script(commands: object) -> bytes | None:
    """A list of commands as one shell script, as cloud-init makes it; None where it is no list."""
    if not isinstance(commands, list):
        return None
    lines = [command_line(command) for command in cast("list[object]", commands)]
    return ("#!/bin/sh\n" + "".join(f"{line}\n" for line in lines)).encode()


def command_line(command: object) -> str:
    """One entry of `runcmd`: a list is an argument vector, anything else a line for the shell."""
    if isinstance(command, list):
        return shlex.join(str(word) for word in cast("list[object]", command))
    return str(command)


def write_files(entries: object) -> None:
    """Do what `write_files` says. Raises OSError, or ValueError for what can't be decoded."""
    for entry in _mappings(entries):
        path = Path(str(entry["path"]))
        content = file_content(str(entry.get("content", "")), str(entry.get("encoding", "")))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if entry.get("append") else "wb") as file:
            file.write(content)
        path.chmod(int(str(entry.get("permissions", "0644")), 8))


def _mappings(entries: object) -> Iterator[Mapping[str, object]]:
    for entry in cast("list[object]", entries) if isinstance(entries, list) else []:
        if isinstance(entry, dict) and "path" in entry:
            yield cast("dict[str, object]", entry)


def file_content(text: str, encoding: str) -> bytes:
    """What `write_files` puts into a file. Raises ValueError for content that can't be decoded."""
    kinds = encoding.lower().split("+")
    content = text.encode()
    try:
        if "b64" in kinds or "base64" in kinds:
            content = base64.b64decode(content)
        return gzip.decompress(content) if {"gz", "gzip"} & set(kinds) else content
    except (binascii.Error, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"not {encoding}: {error}") from error
