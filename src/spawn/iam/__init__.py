"""Who an instance is: policies, roles and instance profiles, planned and read back.

In: words and policy files of the person's, the account's answers as facts. Out: frozen policy
documents, roles named by what is in them, and the steps that are missing. Pure but for the
tables of IAM's actions, which `reference` reads from the disk.

    documents      a policy document: its type, its canonical JSON, its size
    parsing        text or an answer of AWS's to a document, or the place where it is wrong
    checks         what a document from outside must hold before anything is made of it
    quotas         how long policies may be
    reference      IAM's own tables: services, actions, the resource types that they act on
    arns           ARNs taken apart
    scopes         what the word after "@" means to each service
    templates      "s3:ReadOnly@bucket/data/*" to statements
    roles          a role named by its content: what is wanted, read back, planned
    existing       a role of the person's own: which instance profile to launch with
    managed        managed policies and boundaries that are named
    backstop_role  the role by which a schedule ends an owner's instances
    patterns       wildcards compared with each other
    grants         what policies allow, action by action; the rules behind the next four
    compare        how two policies differ, in permissions
    meaning        what policies come to: can, can't; `words` puts it into sentences
    observed       what an event of CloudTrail's used; `event_names` puts its names into IAM's
    rightsize      the smallest part of a policy that would have sufficed
    evaluation     what policies decide, by AWS's logic; the embedded cloud asks it too
    cases          cases of that logic, answered line by line
    breadth        what in a policy reaches further than it should
"""
