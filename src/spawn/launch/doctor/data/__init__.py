"""`spawn doctor --data`: whether data at rest and in transit is protected, and what mends it.

What comes in: a region, buckets and keys by name. What goes out: a row for each thing and check,
with the exact command of the AWS CLI that makes it pass. It reads AWS and changes nothing.

    model      rows, and how they come out                                    pure
    transit    what a bucket's policy makes of requests without good TLS      pure
    buckets    the checks of a bucket                                         pure
    key_use    whether EC2 may use a key for whoever launches                 pure
    keys       the checks of a key                                            pure
    disks      what the account has set for new disks                         pure
    facts      what is asked, in two rounds                                   reads AWS
    examine    all of it, in order                                            pure
"""
