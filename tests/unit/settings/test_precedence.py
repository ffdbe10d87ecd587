"""Of two origins the nearer one holds, for every setting and every pair of origins."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.settings.resolve import given_by, resolve
from spawn.settings.sources import Source, from_flags, read_environment, read_settings
from spawn.settings.table import RIVALS, SETTINGS, Origin, Setting, check_origin
from spawn.settings.values import Value, as_text, as_toml
from tests.unit.settings.builders import COMPANIONS, EVERY_SETTING, source, two_values

PAIRS = [
    (setting, nearer, farther)
    for setting in EVERY_SETTING
    for nearer, farther in combinations(sorted(setting.origins), 2)
]
EACH = [(setting, origin) for setting in EVERY_SETTING for origin in sorted(setting.origins)]


def said_by(origin: Origin, setting: Setting, value: Value) -> Source:
    """Return the source that a person makes by writing the setting there, really read."""
    match origin:
        case Origin.FLAG:
            return from_flags({setting.key: value})
        case Origin.ENVIRONMENT:
            return read_environment({setting.variable: as_text(value)})
        case _:
            text = f"{setting.key} = {as_toml(value)}\n"
            return read_settings(text, name=origin.name, origin=origin)


@pytest.mark.parametrize(
    ("setting", "origin"), EACH, ids=lambda each: getattr(each, "key", None) or each.name
)
def test_each_setting_can_be_said_in_each_place(setting: Setting, origin: Origin) -> None:
    """What is written in one place alone is what holds, and the place is told."""
    value = two_values(setting)[0]
    beside = source(Origin.FLAG, COMPANIONS.get(setting.key, {}))
    found = resolve((said_by(origin, setting, value), beside))[setting.key]
    assert (found.value, found.origin) == (value, origin)
    names = {Origin.FLAG: setting.flag, Origin.ENVIRONMENT: setting.variable}
    assert found.place == names.get(origin, f"{origin.name} line 1")


@pytest.mark.parametrize(
    ("setting", "nearer", "farther"),
    PAIRS,
    ids=lambda each: getattr(each, "key", None) or each.name,
)
def test_the_nearer_place_holds(setting: Setting, nearer: Origin, farther: Origin) -> None:
    """Of two places that say different things the nearer one holds, in whatever order read."""
    near, far = two_values(setting)
    beside = source(Origin.FLAG, COMPANIONS.get(setting.key, {}))
    said = (said_by(nearer, setting, near), said_by(farther, setting, far), beside)
    for sources in (said, said[::-1]):
        found = resolve(sources)[setting.key]
        assert (found.value, found.origin) == (near, nearer)
        assert [origin for origin, _ in given_by(sources, setting.key)] == [nearer, farther]


@pytest.mark.parametrize(
    ("setting", "origin"),
    [
        (setting, origin)
        for setting in EVERY_SETTING
        for origin in Origin
        if origin not in setting.origins | {Origin.FLAG, Origin.BUILT_IN}
    ],
    ids=lambda each: getattr(each, "key", None) or each.name,
)
def test_no_setting_is_taken_from_elsewhere(setting: Setting, origin: Origin) -> None:
    """A place that may not say a setting is refused, or as for variables does not say it."""
    value = two_values(setting)[0]
    if origin is Origin.ENVIRONMENT:
        assert not read_environment({setting.variable: as_text(value)}).given
        return
    with pytest.raises(InputError, match=f"{origin.name} line 1: {setting.key} can't be set here"):
        said_by(origin, setting, value)


def test_an_empty_variable_says_nothing() -> None:
    """A variable that is there and empty is as if it were not there."""
    assert not read_environment({"SPAWN_TTL": "", "SPAWN_TAGS": ""}).given


def test_pairs_are_put_together_name_by_name() -> None:
    """Tags of several places add up; for one name the nearest place holds."""
    found = resolve(
        (
            source(Origin.FLAG, {"tags": {"a": "flag"}}),
            source(Origin.USER, {"tags": {"a": "user", "b": "user"}}),
            source(Origin.ORGANISATION, {"tags": {"b": "org", "c": "org", "required": ""}}),
        )
    )["tags"]
    assert found.value == {"a": "flag", "b": "user", "c": "org"}


@pytest.mark.parametrize(
    ("first", "second"), [(one, other) for one in RIVALS for other in sorted(RIVALS[one])]
)
def test_what_excludes_each_other_never_meets(first: str, second: str) -> None:
    """Of two settings that exclude each other the nearer one stays, whichever it is."""
    policy = {"iam-policy": ("s3:ReadOnly",)} if "boundary" in second else {}
    values = {key: two_values(SETTINGS[key])[0] for key in (first, second)}
    for near, far in ((first, second), (second, first)):
        beside = policy if near == second else {}
        sources = (
            source(Origin.LAUNCH_FILE, {near: values[near]} | beside),
            source(Origin.USER, {far: values[far]}),
        )
        assert resolve(sources).keys() == {near} | beside.keys()


def test_a_default_with_nothing_to_act_on_is_left_out() -> None:
    """A boundary waits for a role, a zone for a name; typed, they stay to be refused."""
    values: dict[str, Value] = {
        "permissions-boundary": "limit",
        "spot-max-price": 1,
        "dns-zone": "example.com",
        "on-idle": "hibernate",
        "completion-delay": "1m",
    }
    assert not resolve((source(Origin.USER, values),))
    assert resolve((source(Origin.FLAG, values),)).keys() == values.keys()
    strict = source(Origin.FLAG, {"security": "strict"})
    assert "permissions-boundary" in resolve((source(Origin.USER, values), strict))


def test_the_organisations_ssh_from_opens_nothing_in_a_closed_launch() -> None:
    """In `strict`, where nothing is let in, a limit of who may get in lets nobody in."""
    organisation = source(Origin.ORGANISATION, {"ssh-from": ("192.0.2.0/24",)})
    strict = source(Origin.FLAG, {"security": "strict"})
    assert "ssh-from" in resolve((organisation,))
    assert "ssh-from" not in resolve((organisation, strict))
    own = source(Origin.USER, {"ssh-from": ("192.0.2.1/32",)})
    assert resolve((organisation, strict, own))["ssh-from"].value == ("192.0.2.1/32",)


def test_a_project_does_not_say_whose_it_is() -> None:
    """A stranger's directory can't hand what one launches there to the stranger."""
    tags = SETTINGS["tags"]
    with pytest.raises(InputError, match="owner can't be set here"):
        check_origin(tags, {"owner": "mallory"}, Origin.PROJECT, place="spawn.toml: tags")
    check_origin(tags, {"project": "apollo"}, Origin.PROJECT, place="spawn.toml: tags")
    check_origin(tags, {"owner": "team"}, Origin.USER, place="config: tags")


@given(st.sampled_from(EVERY_SETTING))
def test_a_project_may_only_make_it_stricter(setting: Setting) -> None:
    """Where a project's file may give some values only, every other one is refused."""
    if setting.only_in_project is None:
        return
    everything: tuple[Value, ...] = (True, False, "open", "standard", "strict")
    for value in {*everything} - setting.only_in_project:
        with pytest.raises(InputError, match="can't be weakened here"):
            check_origin(setting, value, Origin.PROJECT, place="here")
