"""What a person needs for a command: the policy, made of the Operation table.

Comes in: commands (`commands.NEEDS` tells which operations each of them calls), a variant, and
where it shall hold. Goes out: a policy document, in parts that IAM takes, and the same as rows for
words; `denied` says what would let a denied call pass. Nothing here asks AWS.
"""
