"""Secrets: kept out of where they don't belong.

In: a text, or user-data as bytes. Out: which lines hold a secret and of what kind, never the
secret. All of it is pure.

    scan    text -> findings
    shapes  the tables of what secrets look like
    unpack  user-data -> the texts that it is made of
"""
