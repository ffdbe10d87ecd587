"""spored: ends the machine that it runs on, on time. spawn sends it along with each instance.

It needs no permission in AWS, Python 3.9 and its standard library, and imports nothing of spawn.
What travels is this source without its comments and annotations (`spawn.launch.travelling`): the
files of the base, and of the duties that were asked for.

    step        decides what to do next: pure, the states and transitions as a table
    orders      what user-data and tags say of the end: pure; `instants` reads and writes times
    clock       what time it is, whatever the machine's own clock says: pure
    metadata    asks the instance metadata service
    power       ends processes, and the machine
    children    starts processes and never waits for them
    voice       speaks on the serial console
    agent       looks, decides, acts, speaks: the loop

Duties that call AWS, which children do:

    signing     signs a request (Signature Version 4): pure
    calling     calls AWS with the role's credentials: the child's program
    errand      sends the child, again and again, and says what came of it
    dns         a name in Route 53
    ship        the agent's log in CloudWatch Logs
    asking      EC2 stops or hibernates this instance
    fetch       no duty: the person's script, where user-data had no room for it

Secrets, which units of their own see to:

    secrets     tells what came of them; whoever needs them waits, and is started with them
    deliver     fetches them, and puts them where they are found
    imds        keeps others from metadata, by rules of routing

A duty is a module with a class `Duty(agent, words)`: `wishes()` is called at each look and
returns ends that it wants, `act(deed)` at each deed. `spored NAME ...` on the instance runs the
function `main` of the module NAME.
"""
