"""What stands between the one who knocks and an instance, as far as AWS shows it.

Asked side by side, and only where nothing answers: whoever is let in pays for none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from spawn.aws.door import Reader
from spawn.aws.ec2 import Instance, SecurityGroup
from spawn.aws.ec2_endpoints import ConnectEndpoint
from spawn.aws.questions import Asker, Fact, Known, as_far_as_seen
from spawn.connect.ingress import Ingress, groups_question
from spawn.network.diagnosis import Diagnosis, place_of
from spawn.network.endpoints import ask_surroundings
from spawn.network.route import diagnose_session_manager, diagnose_tunnel, diagnose_way_in

_SIDE_BY_SIDE = 8

Callers = Callable[[], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What was found: whom the groups admit, and what the routes say; None for what is unseen."""

    ingress: Ingress | None = None
    diagnosis: Diagnosis | None = None


def advice(diagnosis: Diagnosis | None, otherwise: str) -> tuple[str, str]:
    """Return what was found, and the next command to type: `otherwise` where there is none.

    A command of several lines is among what was found: it is to be read before it is typed.
    """
    found = () if diagnosis is None else diagnosis.findings
    commands = [each.next_command for each in found if each.next_command]
    short = next((command for command in commands if "\n" not in command), otherwise)
    long = [f"to mend it:\n{command}" for command in commands if "\n" in command]
    return "; ".join((*(each.what for each in found), *long)), short


def look_from_outside(
    instance: Instance, reader: Reader, *, region: str, callers: Callers
) -> Outlook:
    """Look at the groups and routes between the caller and the public address.

    `callers` returns the caller's addresses, none where they are not known. What AWS refuses is
    unseen: nothing is raised.
    """
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        groups = asker.ask(groups_question(instance, region=region))
        addresses = pool.submit(callers)
        around = ask_surroundings(asker, instance.vpc_id, region=region)
        fact, known = as_far_as_seen(groups), addresses.result()
    caller = _ipv4(known)
    return Outlook(
        ingress=_ingress(fact, known),
        diagnosis=(
            diagnose_way_in(place_of(instance), around, caller=caller, region=region)
            if caller
            else None
        ),
    )


def look_at_groups(
    instance: Instance, reader: Reader, *, region: str, knocking: tuple[str, ...]
) -> Outlook:
    """Look at whether the groups admit an address of their own network. Nothing is raised."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        fact = as_far_as_seen(Asker(reader, pool).ask(groups_question(instance, region=region)))
    return Outlook(ingress=_ingress(fact, knocking))


def look_at_private_route(
    instance: Instance,
    reader: Reader,
    *,
    region: str,
    endpoint: ConnectEndpoint | None,
    callers: Callers,
) -> Outlook:
    """Look at what lies between an endpoint, or without one Session Manager, and the instance.

    Nothing is raised.
    """
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        around = ask_surroundings(Asker(reader, pool), instance.vpc_id, region=region)
    place = place_of(instance)
    if endpoint is None:
        return Outlook(diagnosis=diagnose_session_manager(place, around, region=region))
    caller = _ipv4(callers()) if endpoint.preserve_client_ip else ""
    return Outlook(diagnosis=diagnose_tunnel(place, around, endpoint, caller=caller, region=region))


def _ingress(fact: Fact[tuple[SecurityGroup, ...]], addresses: tuple[str, ...]) -> Ingress | None:
    return (
        Ingress(caller_addresses=addresses, groups=fact.value) if isinstance(fact, Known) else None
    )


def _ipv4(addresses: tuple[str, ...]) -> str:
    return next((address for address in addresses if ":" not in address), "")
