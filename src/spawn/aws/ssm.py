"""Systems Manager: sessions without an open port, and the organisation's defaults."""

from __future__ import annotations

import msgspec

from spawn.aws.operation import TAGGED, Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many

# With a document named, Session Manager looks at the document too (Systems Manager user guide,
# "Additional sample IAM policies for Session Manager").
_INSTANCE = "arn:{partition}:ec2:{region}:{account}:instance/*"
_SSH_DOCUMENT = "arn:{partition}:ssm:{region}::document/AWS-StartSSHSession"
# Without a document named, it is the account's own one that holds its preferences.
_SHELL_DOCUMENT = "arn:{partition}:ssm:{region}:{account}:document/SSM-SessionManagerRunShell"
_SESSION = "arn:{partition}:ssm:{region}:{account}:session/*"

GET_PARAMETER = read(
    "ssm",
    "GetParameter",
    Permission("ssm:GetParameter", "arn:{partition}:ssm:{region}:{account}:parameter/spawn/*"),
)
# It tells of a parameter all but its value. The action knows no resource.
DESCRIBE_PARAMETERS = read("ssm", "DescribeParameters")
DESCRIBE_INSTANCE_INFORMATION = read("ssm", "DescribeInstanceInformation")
START_SESSION = write(
    "ssm",
    "StartSession",
    Permission("ssm:StartSession", _INSTANCE, TAGGED),
    Permission("ssm:StartSession", _SSH_DOCUMENT),
    Permission("ssm:StartSession", _SHELL_DOCUMENT),
    # Needed by the plugin, which opens the channel that the session's token is for.
    Permission("ssmmessages:OpenDataChannel"),
)
TERMINATE_SESSION = write("ssm", "TerminateSession", Permission("ssm:TerminateSession", _SESSION))

OPERATIONS = (
    GET_PARAMETER,
    DESCRIBE_PARAMETERS,
    DESCRIBE_INSTANCE_INFORMATION,
    START_SESSION,
    TERMINATE_SESSION,
)


class Session(Shape, frozen=True, kw_only=True):
    """A session that was started. Whoever has its token is let in: it is not shown."""

    session_id: str
    token_value: str
    stream_url: str

    def __repr__(self) -> str:
        """Show which session it is, and nothing that opens it."""
        return f"Session({self.session_id!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Show to rich what everyone may see."""
        return [("session_id", self.session_id)]


class Parameter(Shape, frozen=True, kw_only=True):
    """A parameter; `type` is String, StringList or SecureString (whose value is encrypted)."""

    name: str
    type: str
    value: str


def parameter(answer: Answer) -> Parameter:
    """Understand GetParameter."""
    return msgspec.convert(answer["Parameter"], type=Parameter, strict=False)


class ParameterMetadata(Shape, frozen=True, kw_only=True):
    """A parameter without its value. `key_id` is that of a SecureString: an id, ARN or alias."""

    name: str
    type: str
    key_id: str = ""
    version: int = 0


def parameter_metadata_question(name: str, *, region: str) -> Question[ParameterMetadata | None]:
    """Ask for a parameter by its name, without version or label; None where there is none."""

    def understand(answer: Answer) -> ParameterMetadata | None:
        return next(
            (each for each in many(answer, "Parameters", ParameterMetadata) if each.name == name),
            None,
        )

    return Question(
        operation=DESCRIBE_PARAMETERS,
        parameters={"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": [name]}]},
        region=region,
        understand=understand,
    )


class ManagedInstance(Shape, frozen=True, kw_only=True):
    """An instance that Systems Manager knows; `ping_status` is what it last heard of it."""

    instance_id: str
    ping_status: str = ""
    agent_version: str = ""

    @property
    def is_online(self) -> bool:
        """Whether its agent is connected, so that a session can be started."""
        return self.ping_status == "Online"


def started_session(answer: Answer) -> Session:
    """Understand StartSession. Raises msgspec.ValidationError, without the token, for another."""
    return msgspec.convert(answer, type=Session, strict=False)


def managed_instances(answer: Answer) -> tuple[ManagedInstance, ...]:
    """Understand DescribeInstanceInformation."""
    return many(answer, "InstanceInformationList", ManagedInstance)


def managed_question(instance_id: str, *, region: str) -> Question[ManagedInstance | None]:
    """Ask whether Systems Manager manages an instance; None where it never heard of it."""

    def understand(answer: Answer) -> ManagedInstance | None:
        found = (each for each in managed_instances(answer) if each.instance_id == instance_id)
        return next(found, None)

    return Question(
        operation=DESCRIBE_INSTANCE_INFORMATION,
        parameters={"Filters": [{"Key": "InstanceIds", "Values": [instance_id]}]},
        region=region,
        understand=understand,
    )
