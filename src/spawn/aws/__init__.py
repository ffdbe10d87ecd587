"""The one door out.

In: an `Operation` from the table and its parameters. Out: AWS's answer, understood by a pure
parser into a frozen type of this room, or one of `core.errors`' refusals. No botocore object,
no client error and no raw answer gets above this room.

    operation   what can be called, and which permissions the call needs
    session     credentials, region and endpoint, from botocore's own chain
    service_models  what botocore knows of services, read as far as it is needed
    door        performs operations: `ReadingDoor` can't write, `WritingDoor` can
    refusals    botocore's exceptions turned into ours
    questions   reads as data, asked many at once
    perform     stages of steps carried out, retried, recorded
    ec2, iam …  a module a service: its operations, and what their answers mean
    table       every operation there is
"""
