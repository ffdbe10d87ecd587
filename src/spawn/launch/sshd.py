"""What an instance's sshd is told: its settings, whom it trusts, and how they get there. Pure.

00-spawn     for every launch with an agent: public keys only, no passwords, no root
00-spawn-ca  with a CA: certificates of its only, for the owner's names, but for the revoked

1. Once an instance, what is wanted is written to /etc/ssh/spawn. What is changed there later stays
   (`spawn ssh-ca trust` brings new keys); what an image's first life left behind goes.
2. sshd itself is asked (`sshd -T`) whether it takes the settings, by themselves and among the
   image's own, and whether they are in force then. An sshd that is older than `Include` (8.2), or
   is not told to read the directory, gets them at the head of its sshd_config.
3. What it does not take is taken away again, and said on the console: the image's own settings
   stand. Only then is an sshd that runs told to read them. At later boots the same is looked at
   once more: an upgrade may have made of a setting something else.

The first mention of a setting counts (sshd_config(5)), but those in a `Match` block come before
all others, those on sshd's command line included, which is where Ubuntu has the command of EC2
Instance Connect. So what must not be lost stands in a block of its own, too.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from spawn.core.errors import Defect
from spawn.launch.shell import PATH, PUT, put

# What may stand in the file of principals: no blanks, which would make options of what comes before
# (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"), and no commas, which part a certificate's names.
_PRINCIPAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/+=-]*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,31}")
_KEY = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( [ -~]*)?")
_PLACE = "/etc/ssh/spawn"
_BASE, _CA = "00-spawn", "00-spawn-ca"
_ANYBODY = "anybody"
# 10 strangers that don't log in keep all others out (MaxStartups): for a minute, and not for two.
# Whoever is gone counts as logged in for a quarter of an hour, and not for as long as TCP hopes.
_ONCE = ("LoginGraceTime 60", "ClientAliveInterval 60", "ClientAliveCountMax 15")
_ALWAYS = (
    "AuthenticationMethods publickey",
    "PubkeyAuthentication yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
)
_CERTIFICATES = (
    "AuthorizedKeysFile none",
    "AuthorizedKeysCommand none",
    "AuthorizedPrincipalsCommand none",
    f"TrustedUserCAKeys {_PLACE}/ca",
    f"RevokedKeys {_PLACE}/revoked",
)
_IN_FORCE = {_BASE: "authenticationmethods publickey", _CA: "authorizedkeysfile none"}

_BEGIN = r"""# sshd. See src/spawn/launch/sshd.py of spawn
c=etc/ssh/sshd_config d=etc/ssh/sshd_config.d k=etc/ssh/spawn bad=0
id=$(readlink var/lib/cloud/instance)
sshd=$(command -v sshd)
t=$(mktemp -d /run/spawn.XXXXXX)
ssh-keygen -qt ecdsa -N '' -f $t/key
mkdir -p run/sshd
asks() {
[ -n "$sshd" ] && $sshd -T -f $1 -h $t/key -C user=@USER@,host=h,addr=127.0.0.1 >$t/all 2>$t/why &&
grep -qx "$2" $t/all
}
away() {
rm -f $d/$1.conf
grep -qsx "# $1" $c && sed -i "/^# $1\$/,/^# end of $1\$/d" $c
}
usable() {
[ $1 = 00-spawn ] || ssh-keygen -lf $k/ca >$t/why 2>&1 || return
[ $1 = 00-spawn ] || [ ! -s $k/revoked ] || ssh-keygen -Qf $k/revoked $k/ca >$t/why 2>&1
}
settle() {
away $1
mkdir -p $d
asks $c '.*' || { cp $k/$1 $d/$1.conf; return; }
if usable $1 && asks $k/$1 "$2"; then
cp $k/$1 $d/$1.conf
asks $c "$2" && return
rm $d/$1.conf
{ echo "# $1"; sed '/^Match/,$d' $k/$1; echo "# end of $1"; cat $c; } >$t/c
asks $t/c "$2" && cp -p $c $c.new && cat $t/c >$c.new && mv $c.new $c && return
fi
bad=1
echo "spored: sshd does not take $1: $(grep -m1 . $t/why || echo it has no effect)" >@SAY@
}
"""
_BOOT = r"""if [ "$(cat $k/for 2>&1)" != "$id" ]; then
away 00-spawn-ca
away 00-spawn
rm -rf $k
mkdir -p $k
@FILES@@SETTLE@echo "$id" >$k/for
elif [ -n "$sshd" ] && ! asks $c '.*'; then
away 00-spawn-ca
away 00-spawn
if asks $c '.*'; then echo "spored: sshd does not take what spawn told it any more" >@SAY@
else for n in 00-spawn 00-spawn-ca; do [ ! -e $k/$n ] || cp $k/$n $d/$n.conf; done; fi
fi
"""
_UPDATE = r"""cp -r $k $t/was 2>/dev/null
mkdir -p $k
@FILES@@SETTLE@if [ $bad = 0 ]; then echo "$id" >$k/for
else
rm -rf $k
[ ! -d $t/was ] || cp -r $t/was $k
[ ! -e $k/00-spawn-ca ] || @SETTLE@fi
"""
# sshd takes the file with its id away when it begins anew, and writes it when it listens again.
_END = r"""if [ -s run/sshd.pid ] && asks $c '.*'; then
p=$(cat run/sshd.pid) n=0
rm run/sshd.pid
kill -HUP $p && until [ -s run/sshd.pid ] || [ $n = 50 ]; do sleep .1; n=$((n+1)); done
fi
rm -rf $t
"""


@dataclass(frozen=True, kw_only=True)
class SshdOrders:
    """What the sshd of an instance is to do.

    login_user  who logs in; None where the image does not tell
    ca_keys     public keys of authorities, in OpenSSH's form; any: nothing but certificates admits
    principals  the names in a certificate that admit to the login user
    revoked     what is not admitted any more: an OpenSSH KRL, or nothing
    """

    login_user: str | None
    ca_keys: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    revoked: bytes = b""


def root_note(login_user: str | None) -> str:
    """Say that root may log in, "" where it may not."""
    if login_user is None:
        return "who logs in on this image is not known: root may, with a key"
    return "root logs in on this image, with a key" if login_user == "root" else ""


def sshd_part(orders: SshdOrders) -> str:
    """Return what of the boothook sees to sshd: a script for sh, run in the root directory.

    Raises Defect for what could stand for something else in one of its files.
    """
    names = (_BASE, _CA) if orders.ca_keys else (_BASE,)
    return _filled(_BEGIN + _BOOT + _END, orders, names, says="/dev/console")


def sshd_update(orders: SshdOrders) -> str:
    """Return a script for sh, to be run as root, that brings a CA of now to a running instance.

    Keys, names and what is revoked take the place of those before. Where sshd does not take them,
    those before stand; it ends with 1, and says why on stderr. Raises Defect as `sshd_part` does.
    """
    head = f"PATH={PATH}\numask 022\ncd /\n{PUT}"
    return head + _filled(_BEGIN + _UPDATE + _END, orders, (_CA,), says="&2") + "exit $bad\n"


def _filled(script: str, orders: SshdOrders, names: tuple[str, ...], *, says: str) -> str:
    user = orders.login_user or "root"
    _check(_USER, user)
    settle = "".join(f"settle {name} '{_IN_FORCE[name]}'\n" for name in names)
    return (
        script.replace("@USER@", user)
        .replace("@SAY@", says)
        .replace("@SETTLE@", settle)
        .replace("@FILES@", "".join(_files(orders, names)))
    )


def _files(orders: SshdOrders, names: tuple[str, ...]) -> Iterator[str]:
    if _BASE in names:
        yield put(f"$k/{_BASE}", _settings(_base(orders), once=_ONCE))
    if _CA in names:
        for key in orders.ca_keys:
            _check(_KEY, key)
        # Without a name nobody would get in.
        for name in orders.principals or ("",):
            _check(_PRINCIPAL, name)
        yield f"mkdir -p $k/principals\n{put(f'$k/{_CA}', _settings(_certificates(orders)))}"
        yield put("$k/ca", _lines(orders.ca_keys))
        yield put(f"$k/principals/{orders.login_user or _ANYBODY}", _lines(orders.principals))
        encoded = base64.encodebytes(orders.revoked).decode("ascii")
        yield f"base64 -d <<'EOF' | put $k/revoked\n{encoded}EOF\n"


def _base(orders: SshdOrders) -> tuple[str, ...]:
    """Return the settings for all. Where root may be who logs in, it needs a key."""
    root = "prohibit-password" if root_note(orders.login_user) else "no"
    return (*_ALWAYS, f"PermitRootLogin {root}")


def _certificates(orders: SshdOrders) -> tuple[str, ...]:
    """Return the settings with a CA. Who has no file of names is not admitted."""
    whose = _ANYBODY if orders.login_user is None else "%u"
    return (*_CERTIFICATES, f"AuthorizedPrincipalsFile {_PLACE}/principals/{whose}")


def _settings(always: tuple[str, ...], *, once: tuple[str, ...] = ()) -> str:
    return _lines((*once, *always, "Match all", *always))


def _lines(lines: tuple[str, ...]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _check(form: re.Pattern[str], text: str) -> None:
    if form.fullmatch(text) is None:
        raise Defect(f"{text!r} can't stand in a file of sshd's")
