"""What instances look like from outside, and whether that is good enough.

In: a plan's posture, built by the launch, or a live instance, looked at by `collect`. Out: one
`Finding` a control. Only `collect` asks AWS, through the asker that it is given; all else is pure.

    model      Posture: the data that every control looks at
    collect    a live instance -> Posture
    orders     what user-data tells the agent of secrets
    exposure   from how much of the internet a port is open
    controls/  one file a family: Posture -> Judgement, and the words for it
    levels     what a failing control leads to at each security level; waivers
"""
