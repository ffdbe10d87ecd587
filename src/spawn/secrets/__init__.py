"""Secrets: kept out of where they don't belong.

In: a text, or user-data as bytes, or names of files. Out: which places hold a secret and of what
kind, or which files may; never the secret. And references to where secrets are kept, read
strictly. All of it is pure, but for `files`.

    scan           text -> findings: walks the detectors, and settles which of them says most
    finding        what is told of a secret
    reading        a text, and what is looked up in it again and again
    shapes         what is a secret by its own form; shape, issuers: the rows; checksums
    assignments    names and what they are set to; entropy: whether a value looks random
    handed         what programs are handed; shell, programs: lines as commands, and the table
    configuration  what a file's own format gives a place to
    encoded        base64 and gzip within a text
    literals       whether a value is written down, or stands for one
    unpack         user-data -> the texts that it is made of
    files          files and directories -> findings
    names          names of files -> those that often hold secrets

    references     NAME=secretsmanager:ID -> what an instance is given, and by which name
    variables      which names a secret can have
    reads          a script -> what it reads with `aws` by itself
    offers         what to write at a launch for a secret
"""
