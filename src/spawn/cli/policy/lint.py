"""`spawn policy lint`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import msgspec

from spawn.cli.options import AccountWords, account_of, account_options, setting
from spawn.cli.policy.texts import STDIN, content_of, keep
from spawn.cli.rendering.linting import LintDocument, OnlineLintDocument, Report, lint_report
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError
from spawn.iam.lint import PolicyKind, Source, is_refused, lint, mend
from spawn.lifecycle.lint_held import lint_held
from spawn.lifecycle.lint_online import Looked, looked_at

_FOUND, _UNSEEN = 3, 4


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    looked: tuple[Looked, ...]
    unseen: tuple[str, ...] = ()
    fixed: int = 0


@click.command(name="lint")
@click.argument("what", metavar="FILE|ROLE|INSTANCE|-", nargs=-1, required=True)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PolicyKind]),
    help="What the policy is attached to, where its text does not tell.",
)
@click.option("--fix", is_flag=True, help="Mend what needs no judgement, in the file itself.")
@click.option(
    "--online", is_flag=True, help="Ask IAM Access Analyzer too, and show what only one finds."
)
@account_options
@click.option(
    "-o",
    "--output",
    type=click.Choice([report.value for report in Report]),
    help="How the findings are written; a table unless a setting names JSON.",
)
@click.pass_obj
def command(
    wiring: Wiring,
    /,
    *,
    what: tuple[str, ...],
    kind: str | None,
    fix: bool,
    online: bool,
    asked: AccountWords,
    output: str | None,
) -> int:
    """Say whether policies are right, each finding with its place and what to write instead.

    With files no AWS is needed; of a role or an instance all policies are read, and its trust.
    With --fix and - the mended policy goes to stdout, and what remains is told on stderr.
    Exit code 0: nothing but remarks; 3: an error or a warning; 4: a policy could not be read.
    With --online, AWS's errors and warnings count as well.
    """
    chosen = None if kind is None else PolicyKind(kind)
    if fix and STDIN in what and (len(what) > 1 or output):
        raise InputError("--fix - writes the policy to stdout", why="so - stands alone, without -o")
    if fix and (held := [word for word in what if not _is_text(word)]):
        raise InputError(f"--fix changes files, and {held[0]} is none")
    found = [_of_word(wiring, word, chosen, asked=asked, fix=fix) for word in what]
    looked = tuple(policy for each in found for policy in each.looked)
    whole = LintDocument(
        policies=tuple(each.linted for each in looked),
        unseen=tuple(sentence for each in found for sentence in each.unseen),
        fixed=sum(each.fixed for each in found),
    )
    if online:
        whole = _asked_online(wiring, asked, whole, looked)
    tell = wiring.say if fix and STDIN in what else wiring.show
    tell(lint_report(whole, _report(wiring, output)))
    if is_refused(whole.policies) or whole.is_refused_by_aws:
        return _FOUND
    return _UNSEEN if whole.unseen else 0


def _asked_online(
    wiring: Wiring, asked: AccountWords, found: LintDocument, looked: tuple[Looked, ...]
) -> OnlineLintDocument:
    from spawn.aws.questions import Asker
    from spawn.cli.finding import SIDE_BY_SIDE
    from spawn.lifecycle.lint_asked import validate

    account = account_of(wiring, asked)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        told = validate(Asker(account.reader, pool), looked, region=account.region)
    return OnlineLintDocument(
        policies=found.policies,
        unseen=(*found.unseen, *told.unseen),
        fixed=found.fixed,
        online=told.compared,
    )


def _report(wiring: Wiring, typed: str | None) -> Report:
    wanted = setting(wiring, "output", typed=typed)
    return Report(wanted) if wanted in set(Report) else Report.TABLE


def _is_text(word: str) -> bool:
    """Say whether a word means a file, also one that is not there: no role has such a name."""
    path = Path(word)
    return word == STDIN or path.exists() or path.suffix == ".json"


def _of_word(
    wiring: Wiring, word: str, kind: PolicyKind | None, *, asked: AccountWords, fix: bool
) -> _Found:
    if not _is_text(word):
        from spawn.cli.holders import find_holder

        holder, _ = find_holder(wiring, account_of(wiring, asked), word, region=asked.region)
        return _Found(looked=lint_held(holder), unseen=holder.unseen)
    content = content_of(wiring, word)
    source = Source(name="stdin" if word == STDIN else word, kind=kind)
    if not fix:
        return _Found(looked=(looked_at(lint(content, source), content),))
    mended = mend(content, source)
    keep(wiring, word, content, mended=mended.content)
    looked = looked_at(mended.remaining, mended.content)
    return _Found(looked=(looked,), fixed=mended.settled)
