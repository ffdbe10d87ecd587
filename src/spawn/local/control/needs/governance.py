"""What watches over accounts: policies of an organisation, rules of AWS Config."""

from __future__ import annotations

from spawn.local.control.needs.model import NO_RESOURCE, Need, Question, request_tags, tag_list


def organizations(question: Question) -> list[Need]:
    """A policy, by its id. One that is to be made has no ARN yet, but its tags are put on it."""
    call = question.call
    action = f"organizations:{call.operation}"
    tags = request_tags(tag_list(call.parameters.get("Tags")))
    if call.operation == "CreatePolicy":
        needs = [Need(action=action, resource=NO_RESOURCE, context=tags)]
        if tags:
            made = question.lookup.organization_policy(None)
            needs.append(
                Need(action="organizations:TagResource", resource=made or NO_RESOURCE, context=tags)
            )
        return needs
    policy_id = question.text("PolicyId")
    found = question.lookup.organization_policy(policy_id) if policy_id else None
    return [Need(action=action, resource=found or NO_RESOURCE, context=tags)]


def config(question: Question) -> list[Need]:
    """A rule, when it is put. AWS numbers it, so that no policy can name it beforehand."""
    call = question.call
    rule = call.operation == "PutConfigRule"
    resource = question.arn("config", "config-rule/config-rule-new") if rule else NO_RESOURCE
    tags = request_tags(tag_list(call.parameters.get("Tags")))
    return [Need(action=f"config:{call.operation}", resource=resource, context=tags)]
