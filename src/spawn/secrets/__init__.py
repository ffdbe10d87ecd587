"""Secrets: kept out of where they don't belong.

In: a text, or user-data as bytes, or names of files. Out: which lines hold a secret and of what
kind, or which files may; never the secret. And references to where secrets are kept, read
strictly. All of it is pure.

    scan    text -> findings
    shapes  the tables of what secrets look like
    unpack  user-data -> the texts that it is made of
    names   names of files -> those that often hold secrets

    references  NAME=secretsmanager:ID -> what an instance is given, and by which name
    variables   which names a secret can have
    reads       a script -> what it reads with `aws` by itself
    offers      what to write at a launch for a secret
"""
