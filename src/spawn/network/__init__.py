"""Where an instance stands in the network, and who may reach it.

    caller    the caller's public addresses; the only module here that touches the world, through
              a function that is passed in
    rules     level, callers and `--ssh-from` in, a rule set with its digest out
    groups    a rule set and the groups that exist in, the group's id and the steps that make it out
    swap      interfaces and a group in, the steps that put them into it out
    given     groups and prefix lists that a person names, checked against what exists
    reach     a subnet and the route tables in, what it can reach out
    subnets   what was asked and what exists in, subnets by zone, best first, out
    endpoints what lies around an instance of a VPC: the questions, asked in one round
    admission security groups and a port in, whether they let it through out
    diagnosis what is in the way, as data
    route     an instance's place and what lies around it in, what is in its way out
    remedies  the commands that look at a route or a group, or mend it
    advice    the commands that make a private subnet or endpoints where there are none

All but the first are pure: questions out, AWS's answers in. What a launch
asks for comes as plain arguments; nothing here knows a launch's spec or the command line.
"""
