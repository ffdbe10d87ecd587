"""What every room needs and no room owns: errors, durations, tags, ids, steps, files, the journal.

Nothing here knows AWS's client library, the terminal or the environment, and nothing here
imports another room.
"""
