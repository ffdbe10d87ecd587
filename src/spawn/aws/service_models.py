"""What botocore knows of AWS's services, read as far as it is needed.

EC2's model alone has 4 MB, 800 operations and 4,400 shapes, and botocore makes a method for each
operation, for each region anew: most of a program's start, for a few calls.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader

from spawn.aws.operation import Operation
from spawn.aws.table import SERVICES

# A service's operations that are called, by key.
Called = Callable[[str], Mapping[str, Operation]]

# By which botocore's chain gets credentials.
_CREDENTIALS = frozenset({"signin", "sso", "sso-oidc"})
# botocore's chain calls more of these than spawn does.
_OF_THE_CHAIN = _CREDENTIALS | {"sts"}
_MODEL = "service-2"
_LARGE = frozenset({"operations", "shapes"})
_GZIP = zlib.MAX_WBITS | 16


class _Unread(dict[str, Any]):
    """JSON's members by name; each is decoded when it is asked for, and none before."""

    def __getitem__(self, name: str) -> Any:
        member = super().__getitem__(name)
        if isinstance(member, msgspec.Raw):
            member = self[name] = msgspec.json.decode(member)
        return member

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def items(self) -> Iterator[tuple[str, Any]]:  # type: ignore[override]
        return ((name, self[name]) for name in self)

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        return (self[name] for name in self)


class _ModelReader(JSONFileLoader):  # type: ignore[misc]
    """Reads botocore's files with msgspec, and of a service's model what is asked for."""

    def load_file(self, file_path: str) -> Any:
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            text = plain.read_bytes()
        elif packed.is_file():
            text = zlib.decompress(packed.read_bytes(), _GZIP)
        else:
            return None
        return _model(text) if plain.stem == _MODEL else msgspec.json.decode(text)


def _model(text: bytes) -> dict[str, Any]:
    parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return {
        name: _Unread(msgspec.json.decode(part, type=dict[str, msgspec.Raw]))
        if name in _LARGE
        else msgspec.json.decode(part)
        for name, part in parts.items()
    }


class ServiceModels(Loader):  # type: ignore[misc]
    """botocore's loader that knows our services, and of them what is `called`; None for all."""

    def __init__(self, called: Called | None) -> None:
        super().__init__(file_loader=_ModelReader(), include_default_search_paths=True)
        self._called = called

    def list_available_services(self, type_name: str) -> list[str]:
        """Return our services, without looking through botocore's 400 directories."""
        return sorted(SERVICES | _CREDENTIALS)

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        """Return a service's model, with the operations that are called."""
        model = super().load_service_model(service_name, type_name, api_version)
        if type_name != _MODEL or service_name in _OF_THE_CHAIN or self._called is None:
            return model
        all_there = model["operations"]
        names = {one.name for one in self._called(service_name).values()}
        return {
            **model,
            "operations": {name: all_there[name] for name in all_there if name in names},
        }
