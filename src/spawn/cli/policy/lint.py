"""`spawn policy lint`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from spawn.cli.options import AccountWords, account_of, account_options, setting
from spawn.cli.rendering.linting import LintDocument, Report, lint_report
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.core.replacing import replace_file
from spawn.iam.lint import Mended, PolicyKind, Source, is_refused, lint, mend
from spawn.iam.lint.reading import MOST_BYTES
from spawn.lifecycle.lint_held import lint_held

_FOUND, _UNSEEN = 3, 4
_STDIN = "-"
_PRIVATE = 0o600


@click.command(name="lint")
@click.argument("what", metavar="FILE|ROLE|INSTANCE|-", nargs=-1, required=True)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PolicyKind]),
    help="What the policy is attached to, where its text does not tell.",
)
@click.option("--fix", is_flag=True, help="Mend what needs no judgement, in the file itself.")
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
    asked: AccountWords,
    output: str | None,
) -> int:
    """Say whether policies are right, each finding with its place and what to write instead.

    With files no AWS is needed; of a role or an instance all policies are read, and its trust.
    With --fix and - the mended policy goes to stdout, and what remains is told on stderr.
    Exit code 0: nothing but remarks; 3: an error or a warning; 4: a policy could not be read.
    """
    chosen = None if kind is None else PolicyKind(kind)
    if fix and _STDIN in what and (len(what) > 1 or output):
        raise InputError("--fix - writes the policy to stdout", why="so - stands alone, without -o")
    if fix and (held := [word for word in what if not _is_text(word)]):
        raise InputError(f"--fix changes files, and {held[0]} is none")
    found = [_of_word(wiring, word, chosen, asked=asked, fix=fix) for word in what]
    whole = LintDocument(
        policies=tuple(policy for each in found for policy in each.policies),
        unseen=tuple(sentence for each in found for sentence in each.unseen),
        fixed=sum(each.fixed for each in found),
    )
    tell = wiring.say if fix and _STDIN in what else wiring.show
    tell(lint_report(whole, _report(wiring, output)))
    if is_refused(whole.policies):
        return _FOUND
    return _UNSEEN if whole.unseen else 0


def _report(wiring: Wiring, typed: str | None) -> Report:
    wanted = setting(wiring, "output", typed=typed)
    return Report(wanted) if wanted in set(Report) else Report.TABLE


def _is_text(word: str) -> bool:
    """Say whether a word means a file, also one that is not there: no role has such a name."""
    path = Path(word)
    return word == _STDIN or path.exists() or path.suffix == ".json"


def _of_word(
    wiring: Wiring, word: str, kind: PolicyKind | None, *, asked: AccountWords, fix: bool
) -> LintDocument:
    if not _is_text(word):
        from spawn.cli.holders import find_holder

        holder, _ = find_holder(wiring, account_of(wiring, asked), word, region=asked.region)
        return LintDocument(policies=lint_held(holder), unseen=holder.unseen)
    content = _content(wiring, word)
    source = Source(name="stdin" if word == _STDIN else word, kind=kind)
    if not fix:
        return LintDocument(policies=(lint(content, source),))
    mended = mend(content, source)
    _keep(wiring, word, content, mended=mended)
    return LintDocument(policies=(mended.remaining,), fixed=mended.settled)


def _content(wiring: Wiring, word: str) -> bytes:
    try:
        if word == _STDIN:
            return wiring.stdin.buffer.read(MOST_BYTES + 1)
        with Path(word).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NamedThingNotFound(
            f"{word} can't be read", why=error.strerror or str(error)
        ) from error


def _keep(wiring: Wiring, word: str, content: bytes, *, mended: Mended) -> None:
    """Write the policy where it came from; a file that is right already is not touched."""
    if word == _STDIN:
        wiring.stdout.flush()
        wiring.stdout.buffer.write(mended.content)
        wiring.stdout.buffer.flush()
    elif mended.content != content:
        replace_file(Path(os.path.realpath(word)), mended.content, new_mode=_PRIVATE)
