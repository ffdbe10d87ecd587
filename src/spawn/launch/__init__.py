"""A launch: what was asked and what the account holds become a plan, and the plan an instance.

    spec       what was asked: data, nothing looked up
    facts      what the account holds: one parallel round of reads
    plan       spec + facts -> LaunchPlan: pure
    userdata   the bytes that the instance starts with: pure
    apply      performs a plan, undoes on failure, reads the instance back

A plan that was saved is applied by planning anew from the same spec, time and launch id: only if
the same plan comes out is it carried out.
"""
