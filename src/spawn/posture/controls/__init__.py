"""The controls: what each looks at, when it is content, and the words for when it is not.

    control   the types: Control, Judgement
    network, disks, metadata, identity, ending, image, secrets, tags   a file a family
    registry  all of them

A control is a pure function of a Posture. It passes only what it has seen to be right: what
could not be looked at is UNKNOWN and names the call, what is not proven right fails.
"""
