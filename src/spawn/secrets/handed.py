"""Secrets that commands are handed: as arguments, and on standard input. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from spawn.secrets.assignments import strength
from spawn.secrets.finding import Candidate, Rule
from spawn.secrets.literals import is_literal
from spawn.secrets.programs import FEEDERS, PROGRAMS, Program
from spawn.secrets.reading import Text
from spawn.secrets.shell import Command, Word, commands

# `sudo docker exec db mysql -p…`: a command names a few programs, and each has so many words.
_MOST_PROGRAMS = 6
_MOST_WORDS = 200
_BRACKETS = "[]\"',"
_LOGIN = re.compile(
    r"(?P<user>[\w.$#-]{1,60}+)/(?P<value>[^/@\s]{1,99}+)(?:@\S{0,200}+)?", re.ASCII
)
_ECHO_OPTIONS = frozenset({"-n", "-e", "-E", "-ne", "-en", "--"})
_FORMAT = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{3,80}+)[\"']?\s{0,9}+[=:]\s{0,9}+[\"']?%s", re.ASCII
)
_LINE_ENDS = re.compile(r"\\[nr0]|%[sd]|\\c", re.ASCII)
_FTP_USER = re.compile(
    r"\s{0,9}+(?:quote )?(?:user\s++\S++|pass)\s++(?P<value>\S++)\s*+$", re.ASCII
)


def _signs(program: Program) -> tuple[str, ...]:
    """Return texts one of which stands in each line in which the program is handed something."""
    signs = {*program.flags, *program.glued, *program.pairs, *program.prefixes, *program.places}
    if program.reads:
        signs |= set(program.reads_if or ("|", "<"))
    if program.last:
        signs.add("-")
    if program.login:
        signs.add("/")
    return tuple(sorted(sign.lower() for sign in signs))


_SIGNS = {called: _signs(program) for called, program in PROGRAMS.items()} | {"printf": ("%s",)}


def handed(text: Text) -> Iterator[Candidate]:
    """Yield what programs are handed in the text, as the table of programs says."""
    for command in commands(text, _SIGNS):
        called = [(at, _called(word.text)) for at, word in enumerate(command.words)]
        known = [(at, name) for at, name in called if name in _SIGNS]
        for at, name in known[:_MOST_PROGRAMS]:
            rest = command.words[at + 1 : at + 1 + _MOST_WORDS]
            yield from _of_program(name, rest, command)


def _of_program(called: str, rest: Sequence[Word], command: Command) -> Iterator[Candidate]:
    if called == "printf":
        yield from _formatted(rest)
        return
    program = PROGRAMS[called]
    if not program.needs or _has(rest, program.needs):
        yield from _arguments(called, program, rest)
    if program.reads and (not program.reads_if or _has(rest, program.reads_if)):
        yield from _input(called, program, command)


def _formatted(words: Sequence[Word]) -> Iterator[Candidate]:
    """Judge what a printf puts behind a name in its format: `printf 'password = %s' SECRET`."""
    named = _FORMAT.search(words[0].text) if words else None
    if named and strength(named["name"]) in {"secret", "key"}:
        for word in words[1:]:
            yield from _judged("printf", Program(), word, Rule.ARGUMENT)


def _called(word: str) -> str:
    """Return what a program is called, without its directory."""
    return word.strip(_BRACKETS).rpartition("/")[2].rpartition("\\")[2].lower()


def _has(words: Sequence[Word], wanted: tuple[str, ...]) -> bool:
    texts = {word.text.strip(_BRACKETS) for word in words}
    return not texts.isdisjoint(wanted) or not {text.lower() for text in texts}.isdisjoint(wanted)


def _arguments(called: str, program: Program, words: Sequence[Word]) -> Iterator[Candidate]:
    for at, word in enumerate(words):
        for value in _values(program, words, at):
            yield from _judged(called, program, value, Rule.ARGUMENT)
        if program.places:
            yield from _placed(called, program, words, at)
        if program.login and not word.text.startswith(("-", "/")):
            match = _LOGIN.fullmatch(word.text)
            if match:
                value = _part(word, match.start("value"), match.end("value"))
                yield from _judged(called, program, value, Rule.ARGUMENT)
            return
    if program.places and called in program.places:
        yield from _at_place(called, program, words, program.places[called])
    if program.last:
        yield from _last(called, program, words)


def _values(program: Program, words: Sequence[Word], at: int) -> Iterator[Word]:
    """Yield what the word at this place hands over by itself, or names the next one to be."""
    word, following = words[at], words[at + 1 : at + 2]
    text = word.text.lstrip("[\"',")
    option, equals, _ = text.partition("=")
    if text in program.flags:
        yield from (one for one in following if not one.text.startswith("-"))
    elif equals and option in program.flags:
        yield _part(word, len(word.text) - len(text) + len(option) + 1)
    for letter in program.glued:
        if text.startswith(letter) and len(text) > len(letter) and text[len(letter)] != "-":
            yield _part(word, len(word.text) - len(text) + len(letter))
    for prefix in program.prefixes:
        if text.lower().startswith(prefix):
            yield _part(word, len(word.text) - len(text) + len(prefix))
    for name, separator in program.pairs.items():
        for pair in _paired(name, word, text, following):
            user, found, _ = pair.text.partition(separator)
            if found:
                yield _part(pair, len(user) + 1)


def _paired(name: str, word: Word, text: str, following: Sequence[Word]) -> Iterator[Word]:
    """Yield what an option of that name is given."""
    if text == name:
        yield from following
    elif text.startswith(f"{name}="):
        yield _part(word, len(name) + 1)
    elif not name.startswith("--") and text.startswith(name):
        yield _part(word, len(name))
    elif not name.startswith("--") and re.fullmatch(rf"-[a-zA-Z]{{1,9}}{name[1]}", text):
        yield from following  # options of one letter, together: `-sSu user:password`


def _placed(called: str, program: Program, words: Sequence[Word], at: int) -> Iterator[Candidate]:
    text = words[at].text.lower()
    for name, place in program.places.items():
        if text == name or (name.startswith(":") and text.endswith(name)):
            yield from _at_place(called, program, words[at + 1 :], place)


def _at_place(
    called: str, program: Program, words: Sequence[Word], place: int
) -> Iterator[Candidate]:
    """Judge the word at that place, options left out; of `setx NAME value` only secret names."""
    plain = [word for word in words if not word.text.startswith(("-", "/"))]
    if len(plain) < place or "=" in plain[place - 1].text:
        return
    if called.startswith("setx") and strength(plain[0].text) not in {"secret", "key"}:
        return
    yield from _judged(called, program, plain[place - 1], Rule.ARGUMENT)


def _last(called: str, program: Program, words: Sequence[Word]) -> Iterator[Candidate]:
    options = [word.text for word in words if re.fullmatch(r"-[A-Za-z]+", word.text)]
    plain = [word for word in words if not word.text.startswith("-")]
    if any(program.last in option for option in options) and len(plain) >= 2:
        yield from _judged(called, program, plain[-1], Rule.ARGUMENT)


def _input(called: str, program: Program, command: Command) -> Iterator[Candidate]:
    """Judge what the command reads: a pipe from an echo, a here-string, a here-document."""
    fed = [] if command.here is None else [command.here]
    if command.feeder is not None:
        fed += _told(command.feeder)
    for text, start in command.documents if program.reads != "piped" else ():
        fed.append(Word(text.strip(), start + len(text) - len(text.lstrip())))
    for word in fed:
        yield from _judged(called, program, _secret_of(program, word), Rule.STDIN)


def _told(feeder: Command) -> list[Word]:
    """Return the words that an echo prints; of a printf with a format, what it puts into it."""
    for at, word in enumerate(feeder.words):
        if _called(word.text) not in FEEDERS:
            continue
        rest = [one for one in feeder.words[at + 1 :] if one.text not in _ECHO_OPTIONS]
        return rest[-1:]
    return []


def _secret_of(program: Program, word: Word) -> Word:
    if program.reads == "ftp":
        match = _FTP_USER.match(word.text)
        return _part(word, match.start("value")) if match else Word("", word.start)
    end = _LINE_ENDS.search(word.text)
    line = word.text[: end.start()] if end else word.text
    if program.reads != "pair":
        return _part(word, 0, len(line)) if " " not in line else Word("", word.start)
    user, colon, _ = line.partition(":")
    if colon:
        return _part(word, len(user) + 1, len(line))
    return word  # printf '%s:%s' user SECRET


def _judged(called: str, program: Program, value: Word, rule: Rule) -> Iterator[Candidate]:
    text = value.text.rstrip("],'\"") if not value.is_quoted else value.text.rstrip(",]")
    dynamic = value.is_dynamic or not is_literal(text, is_single_quoted=value.is_quoted)
    if dynamic or (len(text) > 200):
        return
    where = "standard input" if rule is Rule.STDIN else "an argument"
    yield Candidate(
        start=value.start,
        end=value.start + len(text),
        rule=rule,
        kind=f"{where} of {called}",
        name=program.name,
    )


def _part(word: Word, start: int, end: int | None = None) -> Word:
    return Word(
        word.text[start:end],
        word.start + start,
        is_dynamic=word.is_dynamic,
        is_quoted=word.is_quoted,
    )
