"""What is claimed about speed, measured: `make bench`.

Every figure is a ratio of two things taken in the same run on the same machine, so that it means
the same on a fast machine and on a slow one.
"""
