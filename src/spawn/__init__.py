"""spawn: EC2 machines that are safe by default and end by themselves."""

__version__ = "0.1.0"
