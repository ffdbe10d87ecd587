"""The organisation's floor: nothing goes below it, and what can't be understood stops launches."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.questions import Absent, Known, Unseen
from spawn.aws.ssm import Parameter, parameter
from spawn.core.durations import parse_duration
from spawn.core.errors import AccountError, InputError, RefusedByControl
from spawn.launch.spec import parse_metadata_options
from spawn.settings.memory import OrganisationMemory
from spawn.settings.organisation import (
    CONTROL,
    Organisation,
    check_floor,
    organisation_of,
    organisation_question,
    parse_organisation,
    stated,
)
from spawn.settings.resolve import Resolved, resolve, values_of
from spawn.settings.sources import Source
from spawn.settings.strictness import HOP_LIMIT, METADATA_ORDER, MOST_HOPS
from spawn.settings.table import SETTINGS, Origin
from spawn.settings.values import Value, as_toml
from tests.unit.settings.builders import source

LEVELS = ["open", "standard", "strict"]
TTLS = st.sampled_from(["30m", "4h", "8h", "1d12h"])
LEVEL = st.sampled_from(LEVELS)
COST = st.sampled_from([Decimal("0.5"), Decimal(2), Decimal(50)])
BLOCKS = st.lists(
    st.sampled_from(
        [
            "192.0.2.0/24",
            "192.0.2.0/23",
            "192.0.2.7/32",
            "0.0.0.0/0",
            "2001:db8::/32",
            "pl-12345678",
        ]
    ),
    min_size=1,
    unique=True,
).map(tuple)
NAME = st.sampled_from(["one", "two"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(values) for name, values in METADATA_ORDER.items()},
        HOP_LIMIT: st.sampled_from(["1", "2", "64"]),
    },
)
TAGS = st.dictionaries(st.sampled_from(["team", "cost-center"]), st.sampled_from(["", "a", "b"]))
ORDERED: dict[str, st.SearchStrategy[Value]] = {
    "security": LEVEL,
    "ttl": TTLS,
    "max-cost": COST,
    "encrypt-volumes": st.booleans(),
    "public-ip": st.booleans(),
    "agent": st.booleans(),
    "ship-logs": st.booleans(),
    "ssh-ca": st.booleans(),
    "permissions-boundary": NAME,
    "kms-key-id": NAME,
    "ssh-from": BLOCKS,
    "tags": TAGS,
    "metadata-options": OPTIONS,
}
GETTING_ROUND: dict[str, st.SearchStrategy[Value]] = {
    "security-groups": st.just(("sg-12345678",)),
    "iam-role": NAME,
    "iam-policy": st.just(("s3:ReadOnly",)),
}
PEOPLE = (Origin.FLAG, Origin.LAUNCH_FILE, Origin.ENVIRONMENT, Origin.PROJECT, Origin.USER)


def sources_of(origins: tuple[Origin, ...]) -> st.SearchStrategy[list[Source]]:
    said = st.fixed_dictionaries({}, optional={**ORDERED, **GETTING_ROUND})
    return st.tuples(*(said for _ in origins)).map(
        lambda each: [source(origin, values) for origin, values in zip(origins, each, strict=True)]
    )


def organisation_with(values: Mapping[str, Value]) -> Organisation:
    text = "".join(f"{key} = {as_toml(value)}\n" for key, value in values.items())
    return parse_organisation(text, name="/spawn/defaults")


def is_below(key: str, demanded: Value, values: Mapping[str, Value]) -> bool:
    """Whether a launch with these values goes below a demand: written apart from the product."""
    found = values.get(key)
    match key:
        case "security":
            return LEVELS.index(str(found)) < LEVELS.index(str(demanded))
        case "ttl":
            longest = parse_duration(str(demanded), flag="")
            return parse_duration(str(found), flag="") > longest
        case "max-cost":
            return not isinstance(found, Decimal) or found > Decimal(str(demanded))
        case "encrypt-volumes" | "agent" | "ship-logs" | "ssh-ca" | "public-ip":
            strict = key != "public-ip"
            return demanded is strict and found is not strict
        case "kms-key-id":
            return found != demanded
        case "permissions-boundary":
            has_role = "iam-policy" in values or values.get("security") == "strict"
            has_role = has_role or values.get("ship-logs") is True
            return "iam-role" in values or (has_role and found != demanded)
        case "ssh-from":
            return "security-groups" in values or opens_more(found, demanded, values)
        case _:
            return any(is_pair_below(key, name, one, found) for name, one in pairs(demanded))


def pairs(value: Value | None) -> list[tuple[str, str]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def is_pair_below(key: str, name: str, demanded: str, found: Value | None) -> bool:
    asked = dict(pairs(found))
    if name not in asked:
        return True
    if key == "tags":
        return demanded not in {"", asked[name]}
    if name == HOP_LIMIT:
        return int(asked[name]) > int(demanded)
    return METADATA_ORDER[name].index(asked[name]) < METADATA_ORDER[name].index(demanded)


def opens_more(found: Value | None, demanded: Value, values: Mapping[str, Value]) -> bool:
    if found is None:
        return values.get("security") != "strict"
    assert isinstance(found, tuple)
    assert isinstance(demanded, tuple)
    return any(not any(covers(block, one) for block in demanded) for one in found)


def covers(block: str, one: str) -> bool:
    if block.startswith("pl-") or one.startswith("pl-"):
        return block == one
    outer, inner = ipaddress.ip_network(block), ipaddress.ip_network(one)
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


@given(st.fixed_dictionaries({}, optional=ORDERED), sources_of(PEOPLE))
def test_nothing_goes_below_the_floor(demands: dict[str, Value], said: list[Source]) -> None:
    """No combination of sources yields a value below what the organisation demands, unrefused.

    And what is refused goes below it: the floor forbids nothing else.
    """
    organisation = organisation_with(demands)
    resolved = resolve((*said, organisation.source))
    values = values_of(resolved)
    below = {key for key, demanded in demands.items() if is_below(key, demanded, values)}
    assert breaches(resolved, organisation) == len(below)


def breaches(resolved: Mapping[str, Resolved], organisation: Organisation) -> int:
    """Return how many breaches the product refuses."""
    try:
        check_floor(resolved, organisation)
    except RefusedByControl as refusal:
        return len(refusal.why.splitlines())
    return 0


@given(sources_of(PEOPLE))
def test_without_an_organisation_nothing_is_refused(said: list[Source]) -> None:
    """An account that has no parameter has no floor."""
    organisation = organisation_of(Absent(), name="/spawn/defaults")
    check_floor(resolve((*said, organisation.source)), organisation)


@given(BLOCKS, BLOCKS)
def test_ssh_opens_nothing_beyond_the_organisations_blocks(
    demanded: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    """A block that only begins inside an allowed one, or holds it, is refused."""
    organisation = organisation_with({"ssh-from": demanded})
    resolved = resolve((source(Origin.FLAG, {"ssh-from": asked}), organisation.source))
    assert breaches(resolved, organisation) == opens_more(asked, demanded, {})


def test_every_setting_with_an_order_is_tried() -> None:
    """The property above leaves out no floor of the table."""
    assert ORDERED.keys() == {key for key, one in SETTINGS.items() if one.floor is not None}


@pytest.mark.parametrize(
    ("text", "said", "words"),
    [
        ('ttl = "4h"', {"ttl": "8h"}, ("--ttl", "ttl 4h at most")),
        ('security = "strict"', {"security": "open"}, ("--security", "strict at least")),
        ("max-cost = 2", {"max-cost": Decimal(3)}, ("--max-cost", "max-cost 2 at most")),
        ('tags = { team = "" }', {}, ("tags is not given", "team=…")),
        ('tags = { team = "a" }', {"tags": {"team": "b"}}, ("--tags", "team=a")),
        (
            'ssh-from = ["192.0.2.0/24"]',
            {"security-groups": ("sg-1",)},
            ("--security-groups", "ssh-from within 192.0.2.0/24"),
        ),
        (
            'permissions-boundary = "limit"',
            {"iam-role": "mine"},
            ("--iam-role", "permissions-boundary limit"),
        ),
        (
            'metadata-options = { HttpTokens = "required" }',
            {"metadata-options": {"HttpTokens": "optional"}},
            ("--metadata-options", "HttpTokens=required"),
        ),
        ("encrypt-volumes = true", {"encrypt-volumes": False}, ("encrypt-volumes = true",)),
        ("public-ip = false", {"public-ip": True}, ("public-ip = false",)),
        ("agent = true", {"agent": False}, ("agent = true",)),
        ("ship-logs = true", {"ship-logs": False}, ("ship-logs = true",)),
        ("ssh-ca = true", {"ssh-ca": False}, ("ssh-ca = true",)),
        *(
            (
                'permissions-boundary = "limit"',
                {**makes_role, "permissions-boundary": "other"},
                ("--permissions-boundary", "permissions-boundary limit"),
            )
            for makes_role in ({"ship-logs": True}, {"dns-name": "box.example.com"})
        ),
    ],
)
def test_a_breach_is_named(text: str, said: dict[str, Value], words: tuple[str, ...]) -> None:
    """The refusal names the flag that goes below the floor, the demand and the parameter."""
    organisation = parse_organisation(text)
    flags = Source(origin=Origin.FLAG, given={})
    typed = stated(said, place="--")
    with pytest.raises(RefusedByControl) as refused:
        check_floor({**resolve((flags, organisation.source)), **typed}, organisation)
    assert refused.value.controls == (CONTROL,)
    assert "/spawn/defaults" in refused.value.what
    named = refused.value.why.replace("--: ", "--")
    assert all(word in named for word in words)


def test_a_breach_names_the_file_it_comes_from() -> None:
    """What a launch file says is found where it was written."""
    organisation = parse_organisation('ttl = "4h"')
    own = source(Origin.USER, {"ttl": "8h"})
    with pytest.raises(RefusedByControl, match="do not allow") as refused:
        check_floor(resolve((own, organisation.source)), organisation)
    assert refused.value.why.startswith("USER ttl: ttl")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ttl = ", "not TOML"),
        ("ttl = 4", "line 1"),
        ('ttk = "4h"', "did you mean ttl?"),
        ('\nttl = "tomorrow"', "line 2"),
        ('ssh-proxy-command = "x"', "can't be set here"),
        ('region = "us-east-1"', "can't be set here"),
        ('user-data = "x"', "can't be set here"),
        ('security-groups = ["sg-1"]\nssh-from = ["192.0.2.1"]', "exclude each other"),
    ],
)
def test_a_parameter_that_can_not_be_understood_stops_launches(text: str, says: str) -> None:
    """It fails closed, names the parameter, and says what is wrong with it."""
    with pytest.raises(AccountError, match="/team/spawn") as refused:
        parse_organisation(text, name="/team/spawn")
    assert says in refused.value.why
    assert refused.value.next_command == "aws ssm get-parameter --name /team/spawn"


def test_an_answer_is_understood() -> None:
    """There, not there and not to be seen are three different things."""
    answer = {"Parameter": {"Name": "/x", "Type": "String", "Value": 'ttl = "4h"', "Version": 3}}
    question = organisation_question("/x", "eu-west-1")
    found = organisation_of(Known(question.understand(answer)), name="/x")
    assert (found.demands, found.unseen) == ({"ttl": "4h"}, "")
    assert organisation_of(Absent(), name="/x").demands == {}
    unseen = organisation_of(Unseen("ssm:GetParameter", "not allowed"), name="/x")
    assert (unseen.demands, unseen.unseen) == ({}, "not allowed")
    assert (question.parameters, question.region) == ({"Name": "/x"}, "eu-west-1")
    assert question.absent_codes == ("ParameterNotFound",)


def test_a_parameter_of_another_type_is_refused() -> None:
    """A SecureString's value is ciphertext to whoever may not decrypt it: it is no floor."""
    secret = parameter({"Parameter": {"Name": "/x", "Type": "SecureString", "Value": ""}})
    with pytest.raises(AccountError, match="/x") as refused:
        organisation_of(Known(secret), name="/x")
    assert "SecureString" in refused.value.why


def test_a_parameter_larger_than_aws_keeps_is_not_read() -> None:
    """Reading TOML costs: what stands in for AWS can't make it cost minutes."""
    large = Parameter(name="/spawn/defaults", type="String", value="# \n" * 3000)
    with pytest.raises(AccountError, match="can't be understood"):
        organisation_of(Known(large), name="/spawn/defaults")


def test_the_order_of_metadata_options_is_whole() -> None:
    """Every option and value that the flag takes has its rank, and no other has."""
    for option, values in METADATA_ORDER.items():
        for value in values:
            parse_metadata_options(f"{option}={value}", flag="--metadata-options")
    parse_metadata_options(f"{HOP_LIMIT}={MOST_HOPS}", flag="--metadata-options")
    with pytest.raises(InputError, match="--metadata-options") as refused:
        parse_metadata_options("Other=1", flag="--metadata-options")
    known = refused.value.why.removeprefix("the options are ").split(", ")
    assert sorted(known) == sorted((*METADATA_ORDER, HOP_LIMIT))


def test_an_answer_is_remembered_for_its_account_alone(tmp_path: Path) -> None:
    """Text and absence are guessed next time; a denial is forgotten; nobody else's is taken."""

    def memory(key: str = "AKIA1", name: str = "/x") -> OrganisationMemory:
        return OrganisationMemory(
            directory=tmp_path / "cache", credentials_id=key, endpoint="https://ssm", parameter=name
        )

    found = Known(Parameter(name="/x", type="String", value='ttl = "4h"'))
    assert memory().guess() is None
    memory().keep(found)
    assert memory().guess() == found
    assert memory(key="AKIA2").guess() is None
    assert memory(name="/y").guess() is None
    memory().keep(Absent())
    assert memory().guess() == Absent()
    memory().keep(Unseen("ssm:GetParameter", "no"))
    assert memory().guess() is None
    [*files] = (tmp_path / "cache").iterdir()
    assert not files


def test_a_damaged_memory_is_no_guess(tmp_path: Path) -> None:
    """What can't be read is as if it were not there, and a full disk stops nothing."""
    memory = OrganisationMemory(
        directory=tmp_path, credentials_id="AKIA", endpoint="https://ssm", parameter="/x"
    )
    memory.keep(Absent())
    [file] = tmp_path.iterdir()
    file.write_bytes(b"\xff{")
    assert memory.guess() is None
    nowhere = OrganisationMemory(
        directory=file / "no", credentials_id="AKIA", endpoint="https://ssm", parameter="/x"
    )
    nowhere.keep(Absent())
    assert nowhere.guess() is None
