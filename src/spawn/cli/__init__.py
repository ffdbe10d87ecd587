"""The command line: words in, one workflow, its result rendered.

entry      what the `spawn` program starts
root       the commands, each loaded when it is asked for; the border where errors become words
wiring     the one place that looks at the environment, the terminal and the time
options    flags that several commands share
rendering  results into text: pure, a renderer a format
launch …   a module a command: no AWS call, no decision
"""
