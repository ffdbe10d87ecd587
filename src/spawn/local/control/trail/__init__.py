"""CloudTrail: every call of the API as an event, the history of them, and trails into buckets.

    categories.py  what CloudTrail calls a call: its name, source, category, whether it only reads
    identity.py    who called, as `userIdentity` tells it
    elements.py    the request's and the answer's parts, as CloudTrail spells them
    hiding.py      what is never recorded
    resources.py   what an event is about
    record.py      one recorded call; the event is made of it when somebody looks
    history.py     the newest events, bounded
    lookup.py      LookupEvents
    selectors.py   which events a trail takes
    trails.py      where AWS's trails differ from moto's
    delivery.py    log files into buckets

Recording keeps references and makes nothing: thousands of calls are recorded for each that is
looked up.
"""
