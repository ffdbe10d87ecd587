"""The command line: words in, one workflow, its result rendered.

entry      what the `spawn` program starts
root       the commands, each loaded when it is asked for; the border where errors become words
wiring     the one place that looks at the environment, the terminal and the time
options    flags of the account and the output; `launch_options`, `way_options`: those of launches
           and of ways in
settings   a command's parameters joined with files and environment; `asking`: a launch's
assembly   what workflows need, put together; `ways`: the way to an instance
completion what a TAB is answered: `completing` and `completing_instances` find it, `offers` keep it
wizard     the questions of a first launch: pure; `first_launch` asks them
rendering  results into text: pure, a renderer a format
launch …   a module a command: no AWS call, no decision. What several share: `launching`,
           `waiting`, `running`, `ending`, `finding`, `mending`, `progress`
"""
