"""What a first launch needs, and what of it is missing. Nothing here can write.

In: what kind of launch it is to be, and two sides to look at: this machine and AWS. Out: an
`Examination`, a row for each check.

    model      a check, a row, and the verdicts
    facts      what was found out, as data
    machine    looks at this machine: programs, keys, files
    account    asks AWS, in one round and a second for what hangs on the first
    rehearsal  asks whether writes would be allowed: EC2's dry runs, IAM's simulator
    needs      what a launch writes, and with which actions                          pure
    checks     judge the facts, a table of pure functions                           pure
    examine    every check that bears on the launch, in order                       pure
"""
