"""The account and the person's `spawn` behind a proxy, as the launches' tests have them."""

from tests.integration.launch.conftest import account, control_plane, proxy, spawn

__all__ = ["account", "control_plane", "proxy", "spawn"]
