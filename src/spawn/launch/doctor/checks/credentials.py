"""Who is calling, from where, and by which clock."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta

from spawn.aws.questions import Known, Unseen
from spawn.aws.session import CredentialSource
from spawn.core.durations import format_duration
from spawn.core.instants import format_instant
from spawn.launch.doctor.checks.seen import not_asked, unseen
from spawn.launch.doctor.facts import AccountFacts, DoctorFacts
from spawn.launch.doctor.model import Area, Check, Judgement, missing, ok, unknown, warn

# botocore's own names for the links of its chain; {profile} is the profile's name.
_SOURCES = {
    "assume-role": "a role, assumed as the {profile} says",
    "assume-role-with-web-identity": "a role, assumed with a web identity token",
    "boto-config": "an old boto configuration file",
    "config-file": "the AWS config file, the {profile}",
    "container-role": "the role of this container",
    "custom-process": "the credential_process of the {profile}",
    "ec2-credentials-file": "the file that AWS_CREDENTIAL_FILE names",
    "env": "the environment (AWS_ACCESS_KEY_ID)",
    "iam-role": "the role of this EC2 instance",
    "login": "aws login, the {profile}",
    "shared-credentials-file": "the shared credentials file, the {profile}",
    "sso": "IAM Identity Center (SSO), the {profile}",
}
# A launch waits for its instance, and its last calls need the credentials too.
_SOON = timedelta(minutes=15)
# IAM user guide, "Troubleshooting Signature Version 4": five minutes for most services.
_REFUSED_SKEW = timedelta(minutes=5)
_WORRYING_SKEW = timedelta(minutes=1)
_SKEW_WORDS = re.compile(
    r"signature expired|not yet current|RequestTimeTooSkewed|RequestExpired", re.I
)
_SET_CLOCK = "sudo timedatectl set-ntp true"


def _source(facts: DoctorFacts) -> Judgement:
    if facts.refusal is not None:
        from_where = "" if facts.source is None else f"from {_source_words(facts)}: "
        text, command = f"{from_where}{facts.refusal.what}", facts.refusal.command
        return missing(text, command) if facts.refused_credentials else unknown(text, command)
    if facts.source is None:
        return missing("there are no AWS credentials", "aws configure")
    return _lifetime(facts, facts.source)


def _source_words(facts: DoctorFacts) -> str:
    method = "" if facts.source is None else facts.source.method
    if facts.assumes_role:
        return "a role, assumed as --assume-role says"
    profile = f"profile {facts.profile}" if facts.profile else "default profile"
    return _SOURCES.get(method, f"the source {method!r} of botocore").format(profile=profile)


def _lifetime(facts: DoctorFacts, source: CredentialSource) -> Judgement:
    words = _source_words(facts)
    if not source.is_temporary:
        return ok(f"{words}: a long-lived access key")
    if source.expires_at is None:
        return ok(f"{words}: a session; when it ends is not known")
    until = f"{words}: a session until {format_instant(source.expires_at)}"
    if facts.account is not None and source.expires_at - facts.account.now < _SOON:
        return warn(f"{until}, which is soon")
    return ok(until)


def _caller(facts: DoctorFacts) -> Judgement:
    if facts.account is None:
        return not_asked(facts)
    match facts.account.caller:
        case Known(value=introduced) if introduced.identity.arn.endswith(":root"):
            return warn(
                f"the root user of account {introduced.identity.account}", "aws configure sso"
            )
        case Known(value=introduced):
            return ok(introduced.identity.arn)
        case Unseen(why=why):
            # No policy can deny it: without an answer to it there is none to anything.
            return missing(f"AWS does not answer: {why}", f"curl -sSI {_where(facts)}")
    return unknown("AWS does not say who is calling")


def _where(facts: DoctorFacts) -> str:
    return shlex.quote(facts.endpoint or "https://sts.amazonaws.com")


def _region(facts: DoctorFacts) -> Judgement:
    region, source = facts.wanted.region, facts.wanted.region_source
    if not region:
        return missing("no region is set", "aws configure set region us-east-1")
    if facts.account is None:
        return unknown(f"{region}, from {source}; whether it is enabled was not asked")
    match facts.account.regions:
        case Known(value=statuses):
            return _listed_region(region, source, statuses.get(region))
        case _ if isinstance(facts.account.region.vpcs, Known):
            return ok(f"{region}, from {source}")
        case Unseen() as fact:
            return unseen(fact, facts)
    return unknown(f"{region}, from {source}")


def _listed_region(region: str, source: str, status: str | None) -> Judgement:
    if status is None:
        return missing(
            f"there is no region {region}, which {source} names",
            "aws ec2 describe-regions --all-regions --query Regions[].RegionName --output text",
        )
    if status == "not-opted-in":
        return missing(
            f"{region}, from {source}, is not enabled in this account",
            f"aws account enable-region --region-name {region}",
        )
    return ok(f"{region}, from {source}")


def _endpoint(facts: DoctorFacts) -> Judgement | None:
    return warn(f"{facts.endpoint} answers in AWS's place") if facts.endpoint else None


def _clock(facts: DoctorFacts) -> Judgement:
    if facts.refusal is not None and _SKEW_WORDS.search(facts.refusal.what):
        return missing(f"AWS takes it for wrong: {facts.refusal.what}", _SET_CLOCK)
    if facts.account is None:
        return not_asked(facts)
    return _skew(facts.account)


def _skew(account: AccountFacts) -> Judgement:
    match account.caller:
        case Known(value=introduced) if introduced.answered_at is not None:
            skew = account.now - introduced.answered_at
        case _:
            return unknown("AWS's answer does not say what time it is there")
    size = abs(skew)
    if size < _WORRYING_SKEW:
        return ok("agrees with AWS's")
    direction = "ahead of" if skew > timedelta() else "behind"
    words = f"{format_duration(timedelta(seconds=int(size.total_seconds())))} {direction} AWS's"
    return missing(words, _SET_CLOCK) if size >= _REFUSED_SKEW else warn(words, _SET_CLOCK)


CHECKS = (
    Check(
        id="credentials",
        area=Area.CREDENTIALS,
        why="every call to AWS is signed with them",
        judge=_source,
    ),
    Check(
        id="caller",
        area=Area.CREDENTIALS,
        why="what is launched is yours by this name; nothing limits the root user",
        judge=_caller,
    ),
    Check(
        id="region",
        area=Area.CREDENTIALS,
        why="an instance runs in one region, which the account must have enabled",
        judge=_region,
    ),
    Check(
        id="endpoint",
        area=Area.CREDENTIALS,
        why="what answers in AWS's place gets all that AWS would get",
        judge=_endpoint,
    ),
    Check(
        id="clock",
        area=Area.CREDENTIALS,
        why="AWS refuses what was signed more than five minutes off",
        judge=_clock,
    ),
)
