"""A reference names one secret, or is refused without a word of what may be one itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.secrets.references import (
    MOST_SECRETS,
    SecretReference,
    SecretService,
    check_together,
    parse_references,
)

CANARY = "hunter2-c4n4ry"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:myapp/api-key-AbCdEf"


def read(text: str) -> SecretReference:
    (found,) = parse_references([text], flag="--secret", in_environment=False)
    return found


def refusal(text: str) -> str:
    with pytest.raises(InputError) as refused:
        read(text)
    return f"{refused.value.what}: {refused.value.why}"


@pytest.mark.parametrize(
    ("text", "service", "identifier", "key"),
    [
        ("API_KEY=secretsmanager:myapp/api-key", "secretsmanager", "myapp/api-key", ""),
        ("db=secretsmanager:rds!cluster-1#password", "secretsmanager", "rds!cluster-1", "password"),
        ("_k=secretsmanager:a=b#x#y z", "secretsmanager", "a=b", "x#y z"),
        (f"A={'secretsmanager:' + ARN}#k", "secretsmanager", ARN, "k"),
        ("K=ssm:/myapp/api-key", "ssm", "/myapp/api-key", ""),
        ("K=ssm:plain", "ssm", "plain", ""),
        ("K=ssm:/myapp/api-key:3", "ssm", "/myapp/api-key:3", ""),
        ("K=ssm:/myapp/api-key:prod", "ssm", "/myapp/api-key:prod", ""),
    ],
)
def test_a_reference_is_read_and_written_alike(
    text: str, service: str, identifier: str, key: str
) -> None:
    """Name, service, id and key are told apart, and together they are what was typed."""
    found = read(text)
    assert (found.service, found.id, found.key) == (SecretService(service), identifier, key)
    assert found.words == text
    assert found.name == text.partition("=")[0]


def test_an_arn_tells_where_the_secret_is() -> None:
    """Partition, region and account are known from an ARN, and from a name nothing."""
    where = read(f"A=secretsmanager:{ARN}").arn
    assert where is not None
    assert (where.partition, where.region, where.account) == ("aws", "eu-west-1", "123456789012")
    assert read("A=secretsmanager:myapp").arn is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no reference"),
        ("API_KEY", "holds no reference"),
        ("API_KEY=", "holds no reference"),
        ("API_KEY=myapp/api-key", "holds no reference"),
        ("API_KEY=secretmanager:x", "did you mean secretsmanager?"),
        (f"API_KEY={ARN}", "an ARN stands behind `secretsmanager:`"),
        ("API_KEY=vault:x", "NAME=ssm:/path"),
        ("API_KEY=secretsmanager:", "names no secret"),
        ("=secretsmanager:x", "no secret can be called so"),
        ("1A=secretsmanager:x", "a digit is not the first"),
        ("A-B=secretsmanager:x", "letters, digits and _"),
        ("Ä=secretsmanager:x", "letters, digits and _"),
        (f"{'A' * 129}=secretsmanager:x", "128 characters"),
        ("A=secretsmanager:x y", "can't be called so"),
        ("A=secretsmanager:x*", "can't be called so"),
        ("A=secretsmanager:x?", "can't be called so"),
        (f"A=secretsmanager:{'x' * 513}", "up to 512"),
        ("A=secretsmanager:x#", "no key stands behind the #"),
        (f"A=secretsmanager:x#{'k' * 257}", "256"),
        ("A=secretsmanager:x#a\nb", "no key stands behind the #"),
        ("A=secretsmanager:#k", "can't be called so"),
        (f"A=secretsmanager:{ARN}:password::", "nothing follows but #json-key"),
        ("A=secretsmanager:arn:aws:ssm:eu-west-1:123456789012:parameter/x", "NAME=ssm:/path"),
        ("A=secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:x", "write arn:PARTITION"),
        ("A=ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/x", "goes by its name"),
        ("A=ssm:/x#k", "has no #json-key"),
        ("A=ssm:myapp/key", "ssm:/myapp/key"),
        ("A=ssm:/myapp/", "name one"),
        ("A=ssm:/my app", "letters, digits"),
        (f"A=ssm:{'/x' * 16}", "15 parts"),
        (f"A=ssm:/{'x' * 1011}", "can't be called so"),
        ("A=ssm:/x:", "behind a colon"),
        ("A=ssm:/x:a:b", "behind a colon"),
        ("A=ssm:/aws/service/ami", "AWS's own"),
        ("A=ssm:SSM-mine", "AWS's own"),
        ("A=ssm:/aws/reference/secretsmanager/myapp", "NAME=secretsmanager:myapp"),
    ],
)
def test_what_is_malformed_is_told_apart(text: str, words: str) -> None:
    """Each way to write it wrongly has its own words, with the flag in them."""
    said = refusal(text)
    assert words in said
    assert said.startswith("--secret")


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "IFS", "PYTHONPATH", "GIT_ASKPASS"),
        *("HOME", "USER", "CREDENTIALS_DIRECTORY", "SPORED_X", "SPAWN_REGION", "https_proxy"),
        # Their file's variable would be one of these.
        *("AWS_CONFIG", "AWS_SHARED_CREDENTIALS", "SSL_CERT"),
    ],
)
def test_a_variable_that_steers_programs_is_no_name(name: str) -> None:
    """Neither a secret's name nor its file's variable leads a shell, a loader or an SDK astray."""
    assert name in refusal(f"{name}=secretsmanager:x")


@pytest.mark.parametrize(
    ("names", "words"),
    [(("A", "A"), "--secret A would"), (("A", "A_FILE"), "$A_FILE"), (("A_FILE", "A"), "$A_FILE")],
)
def test_two_secrets_never_share_a_variable(names: tuple[str, ...], words: str) -> None:
    """A name that is given twice, or that is another's file, is refused."""
    asked = parse_references(
        [f"{name}=ssm:/{place}" for place, name in enumerate(names)],
        flag="--secret",
        in_environment=True,
    )
    with pytest.raises(InputError) as refused:
        check_together(asked)
    assert words in f"{refused.value.what} {refused.value.why}"


def test_there_is_room_for_so_many_and_no_more() -> None:
    """A launch takes as many as it says, and refuses one more."""
    texts = [f"A{number}=ssm:/{number}" for number in range(MOST_SECRETS + 1)]
    asked = parse_references(texts, flag="--secret", in_environment=False)
    check_together(asked[:-1])
    with pytest.raises(InputError, match=f"names {MOST_SECRETS + 1} secrets"):
        check_together(asked)


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"API_KEY={CANARY}",
        f"{CANARY}=",
        f"{CANARY}=secretsmanager:x",
        f"API_KEY=env:{CANARY}",
        f"API_KEY={CANARY}:{CANARY}",
        f"A=secretsmanager:{CANARY} and more",
        f"A=secretsmanager:arn:{CANARY}",
        f"A=ssm:{CANARY}#x",
    ],
)
def test_what_may_be_a_secret_is_not_repeated(text: str) -> None:
    """Whoever types the secret itself, wherever, does not read it again in the refusal."""
    assert CANARY not in refusal(text)


@given(st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """No text ends in anything but a reference, which reads the same again, or InputError."""
    try:
        found = read(f"A=secretsmanager:{text}")
    except InputError:
        return
    assert read(found.words) == found
