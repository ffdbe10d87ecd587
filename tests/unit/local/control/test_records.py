"""A change batch is done as a whole or refused in Route 53's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.control.dns_names import is_within, normalized, order_of
from spawn.local.control.records import Refused, Unclear, changed, key_of

ZONE = "example.com."


def a(name: str, *values: str, **more: Any) -> dict[str, Any]:
    """An A record set with a TTL of 60, unless told otherwise."""
    records = [{"Value": value} for value in values or ("192.0.2.1",)]
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": records, **more}


def weighted(name: str, identifier: str, **more: Any) -> dict[str, Any]:
    return a(name, **{"SetIdentifier": identifier, "Weight": 1, **more})


def alias(name: str) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "AliasTarget": {"DNSName": "elsewhere."}}


def after(present: list[dict[str, Any]], *changes: tuple[str, dict[str, Any]]) -> list[Any]:
    """The records after a batch of (action, record set)."""
    batch = [{"Action": action, "ResourceRecordSet": records} for action, records in changes]
    return list(changed(ZONE, present, batch))


def refusal(present: list[dict[str, Any]], *changes: tuple[str, dict[str, Any]]) -> list[str]:
    """The messages of a batch that is refused."""
    with pytest.raises(Refused) as refused:
        after(present, *changes)
    return refused.value.messages


def kept(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """Records as a zone keeps them."""
    return after([], *(("CREATE", each) for each in records))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("WWW.Example.COM.", "www.example.com"),
        ("*.example.com", r"\052.example.com"),
        (r"\052.example.com.", r"\052.example.com"),
        ("_x-1.a", "_x-1.a"),
        ("a b@.x", r"a\040b\100.x"),
        ("é.x", r"\303\251.x"),
        (r"\12.x", r"\13412.x"),
    ],
)
def test_names_are_normalised(name: str, plain: str) -> None:
    """Lower case, no final dot, octal digits for what is unusual, and no more when repeated."""
    assert normalized(name) == plain
    assert normalized(plain) == plain


def test_names_are_compared_label_by_label() -> None:
    """From the last label on; a zone holds its own name and what is below, no neighbour."""
    names = ["b.example.com", "example.com", "a.b.example.com", "example.net", "a.example.com"]
    assert sorted(names, key=order_of) == [
        "example.com",
        "a.example.com",
        "b.example.com",
        "a.b.example.com",
        "example.net",
    ]
    assert is_within("A.example.com.", ZONE)
    assert is_within("example.com", ZONE)
    assert not is_within("notexample.com", ZONE)


def test_a_deletion_must_repeat_the_record() -> None:
    """Name, type, identifier, TTL and values, in any order; then the record is gone."""
    present = kept(a("www.example.com", "192.0.2.1", "192.0.2.2"), weighted("w.example.com", "x"))
    wrong = "but the values provided do not match the current values"
    what = "Tried to delete resource record set [name='www.example.com.', type='A']"
    for other in (
        a("www.example.com", "192.0.2.1"),
        a("www.example.com", "192.0.2.1", "192.0.2.3"),
        a("www.example.com", "192.0.2.1", "192.0.2.2", TTL=61),
        alias("www.example.com"),
    ):
        assert refusal(present, ("DELETE", other)) == [f"{what} {wrong}"]
    for missing in (a("x.example.com"), weighted("www.example.com", "x"), a("w.example.com")):
        [message] = refusal(present, ("DELETE", missing))
        assert message.endswith("but it was not found")
    left = after(
        present,
        ("DELETE", a("WWW.example.com.", "192.0.2.2", "192.0.2.1")),
        ("DELETE", weighted("w.example.com", "x")),
    )
    assert left == []


def test_what_is_there_is_not_created() -> None:
    """CREATE refuses, UPSERT replaces, each by name, type and set identifier."""
    present = kept(a("www.example.com"), weighted("w.example.com", "x"))
    [message] = refusal(present, ("CREATE", a("www.example.com", "192.0.2.9")))
    record = "resource record set [name='www.example.com.', type='A']"
    assert message == f"Tried to create {record} but it already exists"
    [message] = refusal(present, ("CREATE", weighted("w.example.com", "x")))
    assert "[name='w.example.com.', type='A', set-identifier='x']" in message
    changed_ones = after(
        present,
        ("UPSERT", a("www.example.com", "192.0.2.9")),
        ("UPSERT", weighted("w.example.com", "x", Weight=9)),
        ("UPSERT", weighted("w.example.com", "y")),
    )
    by_key = {key_of(each): each for each in changed_ones}
    assert len(by_key) == 3
    assert by_key["www.example.com.", "A", None]["ResourceRecords"] == [{"Value": "192.0.2.9"}]
    assert by_key["w.example.com.", "A", "x"]["Weight"] == 9


def test_simple_and_routed_records_exclude_each_other() -> None:
    """One name and type is either simple or routed, in one way, with one TTL."""
    simple, routed = kept(a("n.example.com")), kept(weighted("n.example.com", "x"))
    [message] = refusal(routed, ("UPSERT", a("n.example.com")))
    words = "cannot be created as other RRSets exist with the same name and type."
    assert message == f"RRSet with DNS name n.example.com., type A {words}"
    what = "RRSet with DNS name n.example.com., type A, SetIdentifier y cannot be created as"
    assert refusal(simple, ("UPSERT", weighted("n.example.com", "y"))) == [
        f"{what} a non-weighted set exists with the same name and type."
    ]
    assert refusal(routed, ("CREATE", weighted("n.example.com", "y", TTL=61))) == [
        f"{what} weighted sets must contain the same TTL."
    ]
    latency = a("n.example.com", SetIdentifier="y", Region="us-east-1")
    assert "cannot be created" in refusal(routed, ("CREATE", latency))[0]
    swap = ("DELETE", a("n.example.com")), ("CREATE", weighted("n.example.com", "y"))
    assert [key_of(each)[2] for each in after(simple, *swap)] == ["y"]


def test_a_batch_is_all_or_nothing() -> None:
    """Every wrong change is told; what stands before and after it is not done either."""
    present = kept(a("old.example.com"))
    messages = refusal(
        present,
        ("UPSERT", a("new.example.com")),
        ("CREATE", a("old.example.com")),
        ("DELETE", a("gone.example.com")),
    )
    assert [message.split(" resource")[0] for message in messages] == [
        "Tried to create",
        "Tried to delete",
    ]
    assert [key_of(each)[0] for each in present] == ["old.example.com."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("CREATE", a("www.example.net")), "is not permitted in zone example.com."),
        (("CREATE", a("x.example.com", "1.2.3")), "ARRDATAIllegalIPv4Address"),
        (("UPSERT", a("x.example.com", "::g", Type="AAAA")), "AAAARRDATAIllegalIPv6Address"),
        (("CREATE", a("c.example.com", Type="A")), "conflicts with other records"),
    ],
)
def test_wrong_records_are_refused(change: tuple[str, dict[str, Any]], words: str) -> None:
    """A name of another zone, a value that is none, a CNAME's neighbour."""
    cname = a("c.example.com", "example.net", Type="CNAME")
    [message] = refusal(kept(cname), change)
    assert words in message


@pytest.mark.parametrize(
    "change",
    [
        ("CREATE", {"Name": "x.example.com", "Type": "A"}),
        ("DELETE", {"Name": "x.example.com", "Type": "A"}),
        ("CREATE", a("x.example.com") | alias("x.example.com")),
        ("CREATE", a("x.example.com", Weight=1)),
        ("CREATE", a("x.example.com", SetIdentifier="x")),
        ("REPLACE", a("x.example.com")),
    ],
)
def test_half_a_change_is_no_change(change: tuple[str, dict[str, Any]]) -> None:
    """Values or a target, a routing with its identifier, and one of three actions."""
    with pytest.raises(Unclear):
        after([], change)


def test_one_record_is_changed_once() -> None:
    """Two changes of one record set are refused, but for a deletion and a creation."""
    first, second = a("x.example.com"), a("x.example.com", "192.0.2.2")
    [message] = refusal([], ("UPSERT", first), ("UPSERT", second))
    assert message.endswith("invalid set of changes for a resource record set 'A x.example.com.'")
    assert len(after(kept(first), ("DELETE", first), ("CREATE", second))) == 1


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True))
def test_what_was_created_can_be_deleted(names: list[str]) -> None:
    """Creating and deleting the same sets leaves what was there before."""
    before = kept(a("kept.example.com"))
    sets = [a(f"{name}.example.com") for name in names]
    between = after(before, *(("CREATE", each) for each in sets))
    assert after(between, *(("DELETE", each) for each in sets)) == before
