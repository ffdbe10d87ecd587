"""Results into text. Everything here returns, nothing prints.

Names, tags and console output come from others and may hold anything: what goes to a terminal
passes `terminal.escape`, what goes into a document is encoded by the format's own library.
"""
