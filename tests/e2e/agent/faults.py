"""What can go wrong on an instance, made to happen there: scripts for its shell, as root."""

from __future__ import annotations

# Each second the agent is killed; what keeps it running starts it again.
KILLED_AGAIN_AND_AGAIN = """
nohup sh -c 'while sleep 1; do pkill -KILL -f "/opt/[s]pored agent"; done' >/dev/null 2>&1 &
"""

# The agent is started anew on a wall clock that jumps: it is told another time than the kernel's,
# since a container can't set its own. (libfaketime would move CLOCK_BOOTTIME along.)
CLOCK_JUMPED = """
pkill -KILL -f '[s]pored agent'
echo 0 >/run/clock
cat >/run/agent.py <<'END'
import sys, time
true = time.time
time.time = lambda: true() + float(open("/run/clock").read())
sys.path.insert(0, "/opt/spored")
from spored.agent import main
main([])
END
nohup sh -c 'while :; do python3 -ISB /run/agent.py; sleep 1; done' >/dev/null 2>&1 &
until [ -n "$(pgrep -f '/run/[a]gent.py')" ]; do sleep 0.1; done
sleep 1
echo {seconds} >/run/clock
"""

DISK_FULL = """
for place in /var/lib/spored /var/log; do
    mount -t tmpfs -o size=4k tmpfs $place
    head -c 1M /dev/zero >$place/filled 2>/dev/null || true
done
! echo x >/var/lib/spored/x
"""

# As Ctrl-S does on a terminal: whoever writes has to wait.
CONSOLE_STALLED = """
python3 - <<'END'
import os, termios
console = os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
termios.tcflow(console, termios.TCOOFF)
try:
    os.write(console, b"x")
except BlockingIOError:
    print("stalled")
END
"""

NO_MORE_PROCESSES = """
prlimit --pid "$(pgrep -f '/opt/[s]pored agent')" --nproc=1:1
"""
