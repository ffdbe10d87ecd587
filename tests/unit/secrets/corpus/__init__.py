"""Lines with secrets and lines without, made at run time: no token stands in this repository."""
