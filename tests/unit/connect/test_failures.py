"""What ssh's exit code and log mean. The logs were written by OpenSSH 9.2 in the cases named."""

from __future__ import annotations

import pytest

from spawn.connect.failures import Failure, NotConnected, judge, judge_bastion
from spawn.connect.programs import Completed

LOGIN = 'Authenticated to 127.0.0.1 ([127.0.0.1]:22) using "publickey".\r\n'
STATISTICS = (
    "Transferred: sent 2204, received 2944 bytes, in 0.0 seconds\r\n"
    "Bytes per second: sent 479751.3, received 640829.3\r\n"
)
OFFERED = "SHA256:s4ng+D4y7SQmET4VBc7pf9Ii+IB9Ltg6mshobckawDg"
CHANGED = (
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"
    "The fingerprint for the ED25519 key sent by the remote host is\n"
    f"{OFFERED}.\r\n"
    "Host key for i-1 has changed and you have requested strict checking.\r\n"
    "Host key verification failed.\r\n"
)


def ended(code: int, stderr: bytes = b"") -> Completed:
    """Return an ssh that ended so."""
    return Completed(returncode=code, stdout=b"", stderr=stderr)


@pytest.mark.parametrize("code", [0, 1, 7, 130, 254])
def test_any_other_code_is_the_commands(code: int) -> None:
    """ssh itself fails with 255 only, whatever the log holds."""
    assert judge(ended(code), "ssh: connect to host x port 22: Connection refused\r\n") is None


def test_255_after_login_is_the_commands() -> None:
    """A command that ends with 255 on a sound connection has its code passed through."""
    assert judge(ended(255, b"my own words\n"), LOGIN + STATISTICS) is None


@pytest.mark.parametrize(
    ("log", "failure"),
    [
        ("ssh: connect to host 10.0.0.1 port 22: Connection refused\r\n", Failure.REFUSED),
        ("ssh: connect to host 10.0.0.1 port 22: Connection timed out\r\n", Failure.TIMED_OUT),
        ("Connection timed out during banner exchange\r\n", Failure.TIMED_OUT),
        ("ssh: connect to host 10.0.0.1 port 22: No route to host\r\n", Failure.NO_ROUTE),
        ("kex_exchange_identification: Connection closed by remote host\r\n", Failure.CLOSED),
        ("x@127.0.0.1: Permission denied (publickey).\r\n", Failure.KEY_REFUSED),
        (
            "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\n",
            Failure.KEY_REFUSED,
        ),
        ("Host key verification failed.\r\n", Failure.HOST_KEY),
        (
            "Unable to negotiate with 10.0.0.1 port 22: no matching host key type found.\r\n",
            Failure.HOST_KEY,
        ),
        ("something never seen\r\n", Failure.OTHER),
        ("", Failure.OTHER),
    ],
)
def test_before_login_the_log_says_why(log: str, failure: Failure) -> None:
    """Each of ssh's reasons is told apart, and its own message is kept."""
    assert judge(ended(255), log) == NotConnected(failure=failure, message=log.strip())


def test_a_changed_host_key_is_named() -> None:
    """The fingerprint that was offered is known, so that it can be compared."""
    found = judge(ended(255), CHANGED)
    assert found is not None
    assert (found.failure, found.offered) == (Failure.HOST_KEY, OFFERED)


def test_what_a_proxy_command_says_is_kept() -> None:
    """The proxy's own message, on standard error, is part of ssh's."""
    found = judge(
        ended(255, b"proxy: no such tunnel\n"), "Connection closed by UNKNOWN port 65535\r\n"
    )
    assert found is not None
    assert found.message == "Connection closed by UNKNOWN port 65535; proxy: no such tunnel"


@pytest.mark.parametrize(
    ("log", "stderr"),
    [
        ("Timeout, server 10.0.0.1 not responding.\r\n", b""),
        ("client_loop: send disconnect: Broken pipe\r\n", b""),
        ("", b"output\nConnection to 10.0.0.1 closed by remote host.\r\n"),
    ],
)
def test_a_connection_that_breaks_after_login_is_lost(log: str, stderr: bytes) -> None:
    """A code that no command gave is not passed off as a command's."""
    found = judge(ended(255, stderr), LOGIN + log)
    assert found is not None
    assert found.failure is Failure.LOST
    assert found.message in (log + stderr.decode()).replace("\r", "")


def test_only_a_boot_passes() -> None:
    """A refused key is waited for briefly; a wrong host key and what came after login never."""
    waits = {failure: failure.passes_within_seconds for failure in Failure}
    assert {failure for failure, seconds in waits.items() if seconds == 0} == {
        Failure.HOST_KEY,
        Failure.LOST,
        Failure.NOT_FORWARDED,
        Failure.OTHER,
    }
    assert 0 < waits[Failure.KEY_REFUSED] < 60


@pytest.mark.parametrize(
    "said",
    [
        (
            "bind [127.0.0.1]:8080: Address already in use\r\n"
            "channel_setup_fwd_listener_tcpip: cannot listen to port: 8080\r\n"
            "Could not request local forwarding.\r\n"
        ),
        "Error: remote port forwarding failed for listen port 80\r\n",
    ],
)
def test_a_port_that_can_not_be_forwarded_is_told(said: str) -> None:
    """It does not look like the code of a command, and the port that was in use is named."""
    found = judge(ended(255), LOGIN + said)
    assert found is not None
    assert found.failure is Failure.NOT_FORWARDED
    assert "80" in found.message


def test_a_bastion_that_can_not_lead_on_says_why() -> None:
    """What the bastion met on its way to the instance is read from its log, else nothing is."""
    log = (
        "channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n"
    )
    found = judge_bastion(LOGIN + log)
    assert found is not None
    assert found.failure is Failure.REFUSED
    assert found.message == "the bastion: connect failed: Connection refused"
    prohibited = judge_bastion(
        "channel 0: open failed: administratively prohibited: open failed\r\n"
    )
    assert prohibited is not None
    assert prohibited.failure is Failure.CLOSED
    assert judge_bastion(LOGIN) is None
