"""What happened: CloudTrail's history and the log files of trails, read within said limits.

In: a role and a window of time. Out: the events of its sessions, which data events would have
been seen, and what could not be looked at, in words.

    trails     which trails record data events, of what, and where their files are
    delivered  the events of a trail's files, day by day
    observe    all that was seen of a role: the history and the files together
"""
