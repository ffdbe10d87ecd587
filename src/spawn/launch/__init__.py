"""A launch: what was asked and what the account holds become a plan, and the plan an instance.

    spec       what was asked: data, nothing looked up; `checks` finds what can't be meant
    floor      what was asked against what the organisation demands: pure
    propose    one look at the account, and the plan; a saved plan made again
    facts      what the account holds: one parallel round of reads; `memory` saves another one
    plan       spec + facts -> LaunchPlan: pure. Its parts, pure as well: `candidates` (types,
               images, `disks`, places), `rights`, `parts`, put together by `decisions`; steps by
               `staging` and `request`; words by `summary`; `planned_posture` for the controls
    userdata   the bytes that the instance starts with, pure: the boothook that brings the agent
               (`agent`, `bootstrap`, `travelling`) and the person's part
    aws_duties what the agent calls AWS for: `dns`, `shipping`, `asking`, and the `script` that is
               put into a `bucket`; `endpoints` says where. Pure
    secrets    what the instance fetches at boot: `secret_facts`, `secret_rights`, `secret_way`,
               `secret_words`, and what waits for it, `secret_delivery` (`secret_units`). Pure, but
               for the questions
    apply      performs a plan and keeps its journal (`journalling`)
    arrival    awaits what was launched, reads it back, has it judged
    doctor     what a first launch lacks, said before there is one
    shortage   what there is too little of, explained; `undo` ends what was launched in vain

A plan that was saved is applied by planning anew from the same spec, time and launch id: only if
the same plan comes out is it carried out.
"""
