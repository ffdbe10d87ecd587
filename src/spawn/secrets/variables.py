"""Which names a secret may bear on an instance: those of variables that steer no program. Pure.

A secret NAME is told to the workload by the variable NAME_FILE, and where it is asked for by NAME
itself: so neither may be one by which a shell, the loader, an interpreter, systemd or the agent
lets itself be led.
"""

from __future__ import annotations

import re

LONGEST_NAME = 128
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+", re.ASCII)
# environ(7), ld.so(8), bash(1), python(1), perlrun(1), ruby(1), node(1), git(1), systemd.exec(5).
_STEERING = frozenset(
    {
        *("BASH_ENV", "BASHOPTS", "CDPATH", "ENV", "FPATH", "GLOBIGNORE", "IFS", "PATH", "POSIX"),
        *("PROMPT_COMMAND", "PS1", "PS2", "PS4", "SHELL", "SHELLOPTS", "TERM"),
        *("DISPLAY", "EDITOR", "HOME", "HOSTNAME", "INSTANCE_ID", "LANG", "LANGUAGE", "LOGNAME"),
        *("MAIL", "OLDPWD", "PAGER", "PWD", "TMPDIR", "TZ", "UID", "USER", "VISUAL"),
        *("GCONV_PATH", "GETCONF_DIR", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "MALLOC_TRACE"),
        *("NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF", "RES_OPTIONS"),
        *("CLASSPATH", "JAVA_TOOL_OPTIONS", "NODE_OPTIONS", "NODE_PATH", "RUBYLIB", "RUBYOPT"),
        *("PERLLIB", "PERL5DB", "PERL5LIB", "PERL5OPT", "TCLLIBPATH"),
        *("CREDENTIALS_DIRECTORY", "INVOCATION_ID", "MAINPID", "NOTIFY_SOCKET"),
        # What stands in them is believed, and they are the file of a name without _FILE.
        *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "SSL_CERT_FILE", "OPENSSL_CONF_FILE"),
    }
)
_STEERING_BEGINNINGS = (
    *("LD_", "DYLD_", "GLIBC_", "BASH_FUNC_", "LC_", "PYTHON", "GIT_", "LISTEN_", "XDG_"),
    *("http_", "https_", "HTTP_", "HTTPS_", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"),
)
_OUR_BEGINNINGS = ("SPORED", "SPAWN")


def why_no_name(name: str) -> str:
    """Return why a secret can't be called so, "" where it can."""
    if not _VARIABLE.fullmatch(name):
        return "letters, digits and _ make the name of a variable, and a digit is not the first"
    if len(name) > LONGEST_NAME:
        return f"a name has {LONGEST_NAME} characters at the most"
    for variable in (name, file_variable(name)):
        if variable in _STEERING or variable.startswith(_STEERING_BEGINNINGS):
            return f"programs on the instance let themselves be led by ${variable}"
        if variable.upper().startswith(_OUR_BEGINNINGS):
            return "names that begin with SPAWN or SPORED are spawn's own"
    return ""


def file_variable(name: str) -> str:
    """Return the variable that tells the workload where the secret lies."""
    return f"{name}_FILE"
