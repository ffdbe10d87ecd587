"""The boothook: the part of user-data that powers an instance off at its end date.

cloud-init runs it early at every boot, before anything of the person's (its documentation,
"Boothook"). It arms a guard and returns at once, so that it delays nothing; the guard is the same
script with the argument "guard". With systemd the guard is a transient unit that is restarted
whenever it stops; elsewhere it is a process of its own.

The instance's shutdown behaviour is "terminate": powering off ends it, and needs no permission.
"""

from __future__ import annotations

import math
from datetime import datetime

from spawn.core.instants import format_instant

# The clock is looked at anew this often: it may be stepped, and sleeping stands still while an
# instance hibernates.
LONGEST_SLEEP_SECONDS = 30
# systemd gives a unit 90 s to stop before it kills it; whoever is stuck longer is not waited for.
FORCE_AFTER_SECONDS = 120

_SCRIPT = r"""#cloud-boothook
#!/bin/sh
# spawn: powers this instance off at its end date, @WORDS@.
# The date is fixed: nothing that this script reads can change it.
end=@EPOCH@
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# Whatever could block (a paused console, a stuck D-Bus) runs behind the guard's back.
aside() {
    "$@" </dev/null >/dev/null 2>&1 &
}

to_console() {
    printf 'spawn: %s\n' "$1" >/dev/console
}

until_end() {
    while :; do
        now=$(date +%s)
        case $now in
        '' | *[!0-9]*) left=5 ;; # no clock now: ask again soon
        *) left=$((end - now)) ;;
        esac
        [ "$left" -gt 0 ] || return 0
        [ "$left" -le @LONGEST_SLEEP@ ] || left=@LONGEST_SLEEP@
        sleep "$left"
    done
}

ask_for_power_off() {
    systemctl poweroff -i || poweroff || shutdown -h now
}

sysrq_power_off() {
    echo 1 >/proc/sys/kernel/sysrq
    echo o >/proc/sysrq-trigger
}

guard() {
    until_end
    aside ask_for_power_off
    aside to_console 'end date @WORDS@ reached: powering off'
    aside wall 'spawn: the end date of this instance has come, it powers off now'
    sleep @FORCE_AFTER@
    aside sync
    sleep 5
    while :; do
        aside poweroff -f -f
        sleep 10
        aside sysrq_power_off
        sleep 20
    done
}

# Without default dependencies it starts at once, however early in the boot, and a shutdown that
# hangs does not stop it: it is what forces the end then.
as_unit() {
    [ -d /run/systemd/system ] && timeout 10 systemd-run --quiet --no-block \
        --unit=spawn-end-date --description='powers off at @WORDS@' \
        --property=DefaultDependencies=no --property=Restart=always --property=RestartSec=1 \
        --property=StartLimitIntervalSec=0 --property=OOMScoreAdjust=-1000 \
        /bin/sh "$0" guard </dev/null >/dev/null 2>&1
}

as_process() {
    aside setsid /bin/sh "$0" guard
}

if [ "${1-}" = guard ]; then
    guard
    exit 1
fi
as_unit || as_process
aside to_console 'powers off at @WORDS@'
exit 0
"""


def end_date_boothook(expires_at: datetime) -> bytes:
    """Return the boothook for an end date: a whole second, never before the given time.

    Everything that is put into it is digits and the signs of RFC 3339. Raises ValueError for a
    time without a zone.
    """
    words = format_instant(expires_at)
    filled = (
        _SCRIPT.replace("@EPOCH@", str(math.ceil(expires_at.timestamp())))
        .replace("@WORDS@", words)
        .replace("@LONGEST_SLEEP@", str(LONGEST_SLEEP_SECONDS))
        .replace("@FORCE_AFTER@", str(FORCE_AFTER_SECONDS))
    )
    return filled.encode("ascii")
