"""`--metadata-options`, in the AWS CLI's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.launch.spec import MetadataOptions, parse_metadata_options

FLAG = "--metadata-options"
OPTIONS = st.builds(
    MetadataOptions,
    http_tokens=st.sampled_from(("required", "optional")),
    http_put_response_hop_limit=st.integers(1, 64),
    http_endpoint=st.sampled_from(("enabled", "disabled")),
    instance_metadata_tags=st.sampled_from(("enabled", "disabled")),
)


def written(options: MetadataOptions) -> list[str]:
    """Return the options as a person writes them."""
    return [
        f"HttpTokens={options.http_tokens}",
        f"HttpPutResponseHopLimit={options.http_put_response_hop_limit}",
        f"HttpEndpoint={options.http_endpoint}",
        f"InstanceMetadataTags={options.instance_metadata_tags}",
    ]


@given(OPTIONS, st.permutations(range(4)))
def test_what_is_written_is_read(options: MetadataOptions, order: list[int]) -> None:
    """All options are understood, in any order."""
    words = written(options)
    text = ", ".join(words[number] for number in order)
    assert parse_metadata_options(text, flag=FLAG) == options


def test_what_is_not_said_stays_safe() -> None:
    """An option alone leaves the others at their defaults: IMDSv2 and one hop."""
    found = parse_metadata_options("InstanceMetadataTags=disabled", flag=FLAG)
    assert found == MetadataOptions(instance_metadata_tags="disabled")
    assert (found.http_tokens, found.http_put_response_hop_limit) == ("required", 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no option ''"),
        ("HttpToken=required", "has no option 'HttpToken'"),
        ("httptokens=required", "has no option 'httptokens'"),
        ("HttpTokens=yes", "'HttpTokens=yes' can't be used"),
        ("HttpTokens", "'HttpTokens' can't be used"),
        ("HttpPutResponseHopLimit=0", "can't be used"),
        ("HttpPutResponseHopLimit=65", "can't be used"),
        ("HttpPutResponseHopLimit=²", "can't be used"),
        ("HttpPutResponseHopLimit=-1", "can't be used"),
        ("HttpTokens=required,HttpTokens=optional", "can't be used"),
        ("HttpTokens=required,", "has no option ''"),
    ],
)
def test_what_is_not_an_option_is_refused(text: str, words: str) -> None:
    """The words name the flag and what to write instead."""
    with pytest.raises(InputError) as refused:
        parse_metadata_options(text, flag=FLAG)
    assert refused.value.what.startswith(FLAG)
    assert words in refused.value.what
    assert refused.value.why
