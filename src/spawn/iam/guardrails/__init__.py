"""What an administrator puts around spawn's users, as data. Pure.

In: what was said on the command line. Out: policies and parameters in AWS's own words.

    model         what a guardrail is
    catalog       all of them, by name
    boundary      what roles that spawn makes may do at the most
    owners        people and their own instances; `whose`, by what a policy knows them
    backstops     who may pass which backstop's role
    organisation  service control policies
    statements    how they are written
    places        accounts and partitions
    settings      of the account, one for each region
    rules         of AWS Config
"""
