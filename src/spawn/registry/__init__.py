"""The registry: a table in each region that remembers what was launched.

    table     the table spawn-instances: what it must look like, and the steps that make it so
    records   what is remembered of an instance, as items of the table and back
    owed      records that could not be written at the time, found again in the journal

It is a memory, never an authority: no decision reads it, and every write to it is optional. It
keeps the SHA-256 of user-data, never the text.
"""
