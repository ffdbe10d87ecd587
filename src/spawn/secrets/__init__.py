"""Secrets: kept out of where they don't belong.

In: a text, or user-data as bytes, or names of files. Out: which lines hold a secret and of what
kind, or which files may; never the secret. All of it is pure.

    scan    text -> findings
    shapes  the tables of what secrets look like
    unpack  user-data -> the texts that it is made of
    names   names of files -> those that often hold secrets
"""
