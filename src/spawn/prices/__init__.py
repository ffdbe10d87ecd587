"""Prices: what an instance costs an hour and until its end date, by AWS's own list.

    rates     the lines of the list that concern an instance, by the names that bills give them
    lookups   what is asked of the Price List and of the history of spot prices
    facts     the answers: what is known, and of what is not, why; fresh ones are not asked again
    cache     the answers of the last days, in a private file
    volumes   what disks cost
    hourly    what an instance costs an hour, part by part
    cost      what that comes to in a time, and the tag that remembers it
    limit     the control that refuses what costs too much
    money     US dollars, read and written
    words     a price as a sentence

In come the spec's types and disks, out go numbers and sentences. Prices are decimal, never
binary fractions. A price is known exactly or it is unknown with a reason, never guessed, and
nothing here ever fails a launch but its own limit. Only `facts` asks AWS, only `cache` touches
the disk. List prices know nothing of discounts, credits, taxes, traffic or snapshots.
"""
