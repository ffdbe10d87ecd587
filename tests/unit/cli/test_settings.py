"""Settings as a command's parameters: in the very form that typing them would have given."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import click
import pytest

from spawn.cli.launch import command as launch
from spawn.cli.launch_words import spec_of
from spawn.cli.rendering.documents import Output
from spawn.cli.settings import flag_of, launch_words, organisation_parameter
from spawn.cli.waiting import Wait
from spawn.core.durations import parse_duration
from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.launch.spec import DEFAULT_TTL, LaunchSpec, MetadataOptions
from spawn.settings.sources import Source, read_settings
from spawn.settings.table import FLAGS_ONLY, SETTINGS, Origin
from spawn.settings.values import as_text

REGION = "eu-west-1"
# Settings that no flag of `spawn launch` has: they are other commands', or of no command.
NOT_OF_LAUNCH = {"address-url", "bastion", "organisation-parameter", "ssh-proxy-command", "user"}
# Flags of a launch that are no setting: they say where settings are, or what to do once.
NOT_A_SETTING = {f"--{name}" for name in FLAGS_ONLY} | {"--file", "--help"}


def context_of(*words: str) -> click.Context:
    return launch.make_context("launch", list(words))


def file_saying(text: str, origin: Origin = Origin.LAUNCH_FILE) -> Source:
    return read_settings(text, name="box.toml", origin=origin)


def spec_from(text: str, *words: str) -> LaunchSpec:
    resolved = launch_words(context_of(*words), (file_saying(text),))
    return spec_of(resolved.words, region=REGION, public_key="key")


# A launch file's line, and the words that mean the same.
SAME: tuple[tuple[str, tuple[str, ...]], ...] = (
    ('instance-type = ["t3.micro", "t3a.micro"]', ("--instance-type", "t3.micro,t3a.micro")),
    ('os = "debian-12"', ("--os", "debian-12")),
    ('ami = "ami-1"', ("--ami", "ami-1")),
    ('az = ["eu-west-1a", "eu-west-1b"]', ("--az", "eu-west-1a,eu-west-1b")),
    ('name = "a box"', ("--name", "a box")),
    ('ttl = "1d12h"', ("--ttl", "1d12h")),
    ('security = "strict"', ("--security", "strict")),
    ('key-pair = "mine"', ("--key-name", "mine")),
    ('security-groups = "sg-1, sg-2"', ("--security-groups", "sg-1,sg-2")),
    ('ssh-from = ["192.0.2.1/32"]', ("--ssh-from", "192.0.2.1/32")),
    ('vpc = "vpc-1"', ("--vpc-id", "vpc-1")),
    ('subnet = "subnet-1"', ("--subnet", "subnet-1")),
    ("public-ip = false", ("--no-public-ip",)),
    ('private-ip = "10.0.0.7"', ("--private-ip", "10.0.0.7")),
    ("encrypt-volumes = true", ("--encrypt-volumes",)),
    ('kms-key-id = "alias/k"', ("--kms-key-id", "alias/k")),
    ("volume-size = 30", ("--volume-size", "30")),
    ('volume-type = "gp2"', ("--volume-type", "gp2")),
    (
        "metadata-options = { HttpPutResponseHopLimit = 2 }",
        ("--metadata-options", "HttpPutResponseHopLimit=2"),
    ),
    ('tags = { a = "b", c = "" }', ("--tags", "a=b,c=")),
    ('user-data = "echo"', ("--user-data", "echo")),
    ('iam-policy = ["s3:ReadOnly", "a:b"]', ("--iam-policy", "s3:ReadOnly,a:b")),
    ('iam-managed-policies = ["One"]', ("--iam-managed-policies", "One")),
    ('iam-role = "worker"', ("--iam-role", "worker")),
    ('permissions-boundary = "limit"', ("--permissions-boundary", "limit")),
    ("spot = true", ("--spot",)),
    ("spot-max-price = 0.05", ("--spot-max-price", "0.05")),
    ("count = 3", ("--count", "3")),
    ("min-count = 2", ("--min-count", "2")),
    ("max-cost = 12", ("--max-cost", "12")),
    ("agent = false", ("--no-agent",)),
)


@pytest.mark.parametrize(("line", "words"), SAME, ids=lambda case: str(case)[:30])
def test_a_launch_file_means_what_its_flags_mean(line: str, words: tuple[str, ...]) -> None:
    """The same launch is asked for, whether it is written in a file or typed."""
    typed = spec_of(context_of(*words).params, region=REGION, public_key="key")
    assert spec_from(line) == typed
    assert typed != spec_from("")


@pytest.mark.parametrize(("line", "words"), SAME, ids=lambda case: str(case)[:30])
def test_what_is_typed_comes_back_unchanged(line: str, words: tuple[str, ...]) -> None:
    """Without any source the parameters are those that were typed, in every member."""
    context = context_of(*words)
    resolved = launch_words(context, ())
    assert resolved.words == context.params
    [(key, one)] = resolved.resolved.items()
    assert (key, one.origin, one.place) == (line.partition(" ")[0], Origin.FLAG, f"--{key}")


def test_every_flag_of_a_launch_is_a_setting_and_back() -> None:
    """No flag is without its setting, and no setting of a launch without its flag."""
    of_launch = {key for key, setting in SETTINGS.items() if flag_of(launch, setting) is not None}
    assert SETTINGS.keys() - of_launch == NOT_OF_LAUNCH
    flags = {parameter.name: {*parameter.opts} for parameter in launch.params}
    known = {f"--{key}" for key in SETTINGS} | NOT_A_SETTING
    assert not {name for name, names in flags.items() if not names & known}


def test_what_is_built_in_is_what_the_flags_say() -> None:
    """`spawn config show --all` tells the truth about the defaults of `spawn launch`."""
    params = context_of().params
    built_in = {key: one.built_in for key, one in SETTINGS.items() if one.built_in is not None}
    for key, value in built_in.items():
        flag = flag_of(launch, SETTINGS[key])
        default = None if flag is None else params[flag.name or ""]
        if default is not None:
            assert as_text(value) == as_text(default)
    assert parse_duration(str(built_in["ttl"]), flag="--ttl") == DEFAULT_TTL


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        *((f'wait = "{wait.value}"', "wait", wait.value) for wait in Wait),
        ('region = "eu-west-3"', "region", "eu-west-3"),
        ('output = "json"', "output", Output.JSON),
    ],
)
def test_what_is_no_part_of_the_instance_is_a_setting_too(
    line: str, name: str, value: object
) -> None:
    """A launch file says how far to wait, where, and how to show it."""
    context = context_of()
    assert launch_words(context, (file_saying(line),)).words == {**context.params, name: value}
    assert context.params[name] != value


def test_what_is_typed_wins_and_tags_add_up() -> None:
    """A flag wins over the file, and tags and metadata options are put together."""
    spec = spec_from(
        'ttl = "4h"\nsecurity = "strict"\ntags = { a = "file", b = "file" }\n'
        'metadata-options = { HttpPutResponseHopLimit = 2, HttpTokens = "required" }',
        *("--ttl", "1h", "--tag", "a=typed", "--tag", "c=d"),
        *("--metadata-options", "HttpPutResponseHopLimit=3"),
    )
    assert spec.ttl == timedelta(hours=1)
    assert spec.security is Level.STRICT
    assert spec.tags == {"a": "typed", "b": "file", "c": "d"}
    assert spec.metadata == MetadataOptions(http_put_response_hop_limit=3)


def test_typing_a_default_is_typing() -> None:
    """A flag with its own default value still wins over a file."""
    assert spec_from('security = "open"', "--security", "standard").security is Level.STANDARD


def test_a_flag_takes_the_place_of_what_excludes_it() -> None:
    """An image that is typed does not collide with the system that a file names."""
    spec = spec_from('os = "debian-12"', "--ami", "ami-1")
    assert (spec.os, spec.ami) == (None, "ami-1")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("volume-size = 99999", "box.toml line 1: volume-size"),
        ('os = "centos"', "box.toml line 1: os"),
        ("count = 100000", "box.toml line 1: count"),
    ],
)
def test_what_a_flag_would_not_take_is_refused_by_its_place(line: str, says: str) -> None:
    """The error names the file and the line, since no flag was typed."""
    with pytest.raises(InputError) as refused:
        spec_from(line)
    assert refused.value.what.startswith(says)
    assert refused.value.why


@pytest.mark.parametrize(
    "words", [("--tags", "a"), ("--max-cost", "much"), ("--metadata-options", "X=1")]
)
def test_a_typed_word_that_means_nothing_is_refused_by_its_flag(words: tuple[str, ...]) -> None:
    """The flag's own parser says what is wrong, as it does without settings."""
    with pytest.raises(InputError) as refused:
        spec_from('tags = { b = "c" }\nmax-cost = 3', *words)
    assert refused.value.what.startswith(words[0])


def test_where_the_organisations_defaults_are_is_the_persons_to_say() -> None:
    """One's own file may name another parameter than the usual one."""
    assert organisation_parameter(()) == "/spawn/defaults"
    own = file_saying('organisation-parameter = "/team/spawn"', Origin.USER)
    assert organisation_parameter((own,)) == "/team/spawn"


def test_amounts_keep_their_digits() -> None:
    """A price is not a binary fraction."""
    words: dict[str, Any] = launch_words(
        context_of(), (file_saying("spot = true\nspot-max-price = 0.1"),)
    ).words
    spec = spec_of(words, region=REGION, public_key="")
    assert spec.spot_max_price == Decimal("0.1")
