"""IAM's grammar over JSON: what a policy may hold, and what stands where.

What can be understood is, so that one mistake does not hide the next.
Source: IAM user guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

from collections.abc import Mapping

from spawn.iam.documents import Effect
from spawn.iam.lint.finding import Edit, Spot
from spawn.iam.lint.hints import Hints
from spawn.iam.lint.nodes import Array, Literal, Member, Node, Object, Text, words
from spawn.iam.lint.reading import Reading
from spawn.iam.lint.view import Policy, Principal, Statement, Test
from spawn.iam.operators import parse_operator
from spawn.iam.parsing import DOCUMENT_MEMBERS, STATEMENT_MEMBERS

PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_EFFECTS = {effect.value.casefold(): effect for effect in Effect}


def read_policy(reading: Reading, hints: Hints) -> tuple[Policy | None, tuple[Spot, ...]]:
    """Return the policy that a JSON text is, and what of it IAM's grammar refuses.

    None for a text that is no object.
    """
    if reading.root is None:
        return None, ()
    grammar = _Grammar(reading, hints)
    policy = grammar.policy(reading.root)
    return policy, tuple(grammar.spots)


class _Grammar:
    """Reads one policy; `spots` gathers what is wrong, `_number` is the statement at hand."""

    def __init__(self, reading: Reading, hints: Hints) -> None:
        self.spots: list[Spot] = []
        self._hints = hints
        self._reading = reading
        self._number = 0

    def policy(self, root: Node) -> Policy | None:
        """Read the whole."""
        if not isinstance(root, Object):
            self._spot("wrong-type", root, f"a policy is an object, and this is {words(root)}")
            return None
        members = self._members(root, DOCUMENT_MEMBERS, "the policy")
        version = members.get("Version")
        if isinstance(version, Array | Object):
            self._spot("wrong-type", version, f"Version is a text, and this is {words(version)}")
            version = None
        statements = self._statements(root, members.get("Statement"))
        self._number = 0
        return Policy(
            text=self._reading.text,
            characters=self._reading.characters,
            at=root.start,
            version=version,
            statements=statements,
        )

    def _statements(self, root: Object, node: Node | None) -> tuple[Statement, ...]:
        if node is None:
            self._spot("missing-statement", root, "the policy has no Statement")
            return ()
        items = node.items if isinstance(node, Array) else (node,)
        if not items:
            self._spot("empty-list", node, "Statement is an empty list")
        read = (self._statement(number, item) for number, item in enumerate(items, 1))
        return tuple(statement for statement in read if statement is not None)

    def _statement(self, number: int, node: Node) -> Statement | None:
        self._number = number
        if not isinstance(node, Object):
            message = f"a statement is an object, and this is {words(node)}"
            self._spot("wrong-type", node, message)
            return None
        members = self._members(node, STATEMENT_MEMBERS, "the statement")
        sid = members.get("Sid")
        if sid is not None and not isinstance(sid, Text):
            self._spot("wrong-type", sid, f"a Sid is a text, and this is {words(sid)}")
        return Statement(
            number=number,
            at=node.start,
            sid=sid if isinstance(sid, Text) else None,
            effect=self._effect(node, members.get("Effect")),
            members=members,
            actions=self._texts("Action", members.get("Action")),
            not_actions=self._texts("NotAction", members.get("NotAction")),
            resources=self._texts("Resource", members.get("Resource")),
            not_resources=self._texts("NotResource", members.get("NotResource")),
            principals=self._principals("Principal", members.get("Principal")),
            not_principals=self._principals("NotPrincipal", members.get("NotPrincipal")),
            tests=self._tests(members.get("Condition")),
        )

    def _members(self, node: Object, known: tuple[str, ...], what: str) -> Mapping[str, Node]:
        """Return the members by IAM's names; one in other letters counts, and is told."""
        folded = {name.casefold(): name for name in known}
        members: dict[str, Node] = {}
        for member in node.members:
            name = member.key.value
            meant = folded.get(name.casefold())
            if name not in known:
                self._unknown_member(member, what, known=known, meant=meant)
            if meant is not None:
                members.setdefault(meant, member.value)
        return members

    def _unknown_member(
        self, member: Member, what: str, *, known: tuple[str, ...], meant: str | None
    ) -> None:
        key = member.key
        message = f"{what} has an unknown member {key.value!r}"
        self._spot(
            "unknown-member",
            key,
            message,
            remedy=f"write {meant}" if meant else self._hints.near(key.value, known),
            edits=() if meant is None else (Edit(key.start, key.end, f'"{meant}"'),),
        )

    def _effect(self, statement: Object, node: Node | None) -> Effect | None:
        if node is None:
            self._spot("missing-effect", statement, "the statement has no Effect")
            return None
        written = node.value if isinstance(node, Text) else words(node)
        effect = _EFFECTS.get(written.casefold()) if isinstance(node, Text) else None
        if effect is None or effect.value != written:
            edits = () if effect is None else (Edit(node.start, node.end, f'"{effect}"'),)
            remedy = "" if effect is None else f'write "{effect}"'
            self._spot("bad-effect", node, f"the Effect is {written!r}", remedy=remedy, edits=edits)
        return effect

    def _texts(self, name: str, node: Node | None) -> tuple[Text, ...]:
        """Return texts. IAM takes one for a list of one, and numbers and booleans as text."""
        if node is None:
            return ()
        items = node.items if isinstance(node, Array) else (node,)
        if not items:
            self._spot("empty-list", node, f"{name} is an empty list")
        texts = []
        for item in items:
            match item:
                case Text():
                    texts.append(item)
                case Literal() if item.value != "null":
                    texts.append(Text(item.start, item.end, item.value, is_quoted=False))
                case _:
                    message = f"{name} takes texts, and this is {words(item)}"
                    self._spot("wrong-type", item, message)
        return tuple(texts)

    def _principals(self, name: str, node: Node | None) -> tuple[Principal, ...]:
        match node:
            case None:
                return ()
            case Text(value="*"):
                # IAM user guide, "Principal": {"AWS": "*"} means the same.
                return (Principal("AWS", node),)
            case Object():
                for member in node.members:
                    self._check_principal_kind(member.key)
                return tuple(
                    Principal(member.key.value, who)
                    for member in node.members
                    for who in self._texts(f"{name}'s {member.key.value}", member.value)
                )
            case _:
                message = f'{name} is "*" or an object, and this is {words(node)}'
                self._spot("wrong-type", node, message, remedy='write {"AWS": "…"}')
                return ()

    def _check_principal_kind(self, key: Text) -> None:
        if key.value not in PRINCIPAL_KINDS:
            message = f"{key.value!r} is no kind of principal"
            near = self._hints.near(key.value, PRINCIPAL_KINDS)
            self._spot("unknown-principal-kind", key, message, remedy=near)

    def _tests(self, node: Node | None) -> tuple[Test, ...]:
        return tuple(
            Test(
                operator.key,
                parse_operator(operator.key.value),
                key.key,
                self._texts(key.key.value, key.value),
            )
            for operator in self._object("Condition", node)
            for key in self._object(operator.key.value, operator.value)
        )

    def _object(self, name: str, node: Node | None) -> tuple[Member, ...]:
        if isinstance(node, Object):
            return node.members
        if node is not None:
            self._spot("wrong-type", node, f"{name} is an object, and this is {words(node)}")
        return ()

    def _spot(
        self, rule: str, node: Node, message: str, *, remedy: str = "", edits: tuple[Edit, ...] = ()
    ) -> None:
        self.spots.append(
            Spot(
                rule=rule,
                at=node.start,
                message=message,
                statement=self._number,
                remedy=remedy,
                edits=edits,
            )
        )
