"""What programs take secrets as arguments and on their input: a table, by each one's manual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Program:
    """How one program is handed a secret.

    name      a variable that could hold it
    flags     options whose value is one, in the next word or after `=`
    glued     options whose value follows without a space (`-pSECRET`)
    pairs     options whose value holds one after a separator (`-u user:SECRET`)
    prefixes  beginnings of a word that a secret follows (`pass:SECRET`)
    places    after this word, the secret's place among the words that are no options, from 1
    last      options of one letter with which the last word is a secret (`htpasswd -b`)
    login     the first word that is no option is `user/SECRET`
    needs     words one of which must be there, else nothing of this holds
    reads     how its input is read: "" not at all, "secret" a line, "pair" for user:SECRET,
              "piped" a line that an echo prints, where a here-document holds commands, "ftp"
    reads_if  words one of which must be there for that; none where it always does
    """

    name: str = "PASSWORD"
    flags: frozenset[str] = frozenset()
    glued: tuple[str, ...] = ()
    pairs: Mapping[str, str] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    last: str = ""
    login: bool = False
    needs: tuple[str, ...] = ()
    reads: str = ""
    reads_if: tuple[str, ...] = ()


def _rows(
    names: str,
    *,
    flags: Iterable[str] = (),
    **more: object,
) -> dict[str, Program]:
    program = Program(flags=frozenset(flags), **more)  # type: ignore[arg-type]
    return dict.fromkeys(names.split(), program)


PROGRAMS: dict[str, Program] = {
    **_rows(
        "mysql mysqldump mysqlimport mysqlcheck mysqlshow mysqlsh mysqlpump mysqlslap mariadb"
        " mariadb-dump mariadb-admin mycli xtrabackup mariabackup",
        name="MYSQL_PASSWORD",
        glued=("-p",),
        pairs={"--uri": ":"},
    ),
    **_rows("mysqladmin", name="MYSQL_PASSWORD", glued=("-p",), places={"password": 1}),
    **_rows(
        "mongo mongosh mongodump mongorestore mongoimport mongoexport mongostat mongotop",
        name="MONGO_PASSWORD",
        flags=("-p",),
    ),
    **_rows("redis-cli valkey-cli", name="REDIS_PASSWORD", flags=("-a", "--pass")),
    **_rows(
        "redis-server valkey-server",
        name="REDIS_PASSWORD",
        flags=("--requirepass", "--masterauth"),
    ),
    **_rows("sqlcmd bcp osql isql tsql", name="SQL_PASSWORD", flags=("-P",), glued=("-P",)),
    **_rows("sqlplus sqlldr exp imp expdp impdp rman sqlcl", name="ORACLE_PASSWORD", login=True),
    **_rows("cqlsh rabbitmqadmin ncftpput ncftpget ncftp sftpcloudfs", flags=("-p",)),
    **_rows("curl", pairs=dict.fromkeys(("-u", "--user", "-U", "--proxy-user"), ":")),
    **_rows("http https xh", pairs=dict.fromkeys(("-a", "--auth"), ":")),
    **_rows("etcdctl", pairs={"--user": ":"}),
    **_rows("aria2c", flags=("--http-passwd", "--ftp-passwd")),
    **_rows("lftp", pairs={"-u": ","}),
    **_rows("ftp", reads="ftp"),
    **_rows("sshpass", name="SSH_PASSWORD", flags=("-p",), glued=("-p",)),
    **_rows("ssh-keygen", name="KEY_PASSPHRASE", flags=("-N", "-P")),
    **_rows("htpasswd", last="b", reads="secret", reads_if=("-i",)),
    **_rows(
        "docker podman nerdctl buildah",
        name="REGISTRY_PASSWORD",
        flags=("-p",),
        pairs={"--creds": ":"},
        needs=("login", "pull", "push"),
        reads="secret",
        reads_if=("--password-stdin",),
    ),
    **_rows(
        "skopeo",
        name="REGISTRY_PASSWORD",
        flags=("-p",),
        pairs=dict.fromkeys(("--creds", "--src-creds", "--dest-creds"), ":"),
        reads="secret",
        reads_if=("--password-stdin",),
    ),
    **_rows(
        "helm oras crane",
        name="REGISTRY_PASSWORD",
        flags=("-p",),
        needs=("login",),
        reads="secret",
        reads_if=("--password-stdin",),
    ),
    **_rows("az oc rosa argocd", flags=("-p",), needs=("login",)),
    **_rows(
        "aws",
        name="SECRET",
        flags=("--secret-string", "--secret-binary"),
        places={"aws_secret_access_key": 1, "aws_session_token": 1},
    ),
    **_rows(
        "openssl",
        name="KEY_PASSPHRASE",
        flags=("-k",),
        prefixes=("pass:",),
        needs=("-k", "-passin", "-passout", "-pass", "-password", "-passwd", "enc"),
    ),
    **_rows(
        "keytool jarsigner",
        name="KEYSTORE_PASSWORD",
        flags=(
            "-storepass",
            "-keypass",
            "-srcstorepass",
            "-deststorepass",
            "-srckeypass",
            "-destkeypass",
            "-new",
        ),
    ),
    **_rows(
        "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldapcompare ldapmodrdn ldappasswd",
        name="LDAP_PASSWORD",
        flags=("-w",),
        glued=("-w",),
    ),
    **_rows(
        "smbclient smbget rpcclient winexe smbcacls",
        name="SMB_PASSWORD",
        pairs={"-U": "%", "--user": "%"},
    ),
    **_rows(
        "net net.exe net1",
        pairs={"-U": "%", "--user": "%"},
        places={"user": 2, "use": 3},
    ),
    **_rows("useradd usermod", flags=("-p", "--password")),
    **_rows(
        "rabbitmqctl",
        name="RABBITMQ_PASSWORD",
        places={"add_user": 2, "change_password": 2, "authenticate_user": 2},
    ),
    **_rows(
        "vault bao",
        name="VAULT_TOKEN",
        places={"login": 1},
        needs=("login",),
        reads="secret",
        reads_if=("-",),
    ),
    **_rows("zip unzip zipcloak", name="ARCHIVE_PASSWORD", flags=("-P",)),
    **_rows("7z 7za 7zr rar unrar", name="ARCHIVE_PASSWORD", glued=("-p",)),
    **_rows(
        "gpg gpg2",
        name="KEY_PASSPHRASE",
        reads="secret",
        reads_if=("--passphrase-fd",),
    ),
    **_rows("npm pnpm yarn", name="NPM_TOKEN", places={":_authtoken": 1, ":_password": 1}),
    **_rows("ipmitool", name="IPMI_PASSWORD", flags=("-P",)),
    **_rows(
        "snmpget snmpwalk snmpset snmpbulkwalk snmptrap snmpgetnext",
        name="SNMP_PASSWORD",
        flags=("-A", "-X"),
    ),
    **_rows("nmcli", name="WIFI_PASSWORD", places={"password": 1, "wifi-sec.psk": 1}),
    **_rows("wpa_passphrase", name="WIFI_PASSWORD", places={"wpa_passphrase": 2}),
    **_rows("grafana-cli grafana", places={"reset-admin-password": 1}),
    **_rows("cmdkey cmdkey.exe", prefixes=("/pass:",)),
    **_rows("xfreerdp wfreerdp mstsc", prefixes=("/p:",)),
    **_rows("wmic wmic.exe", prefixes=("/password:",)),
    **_rows("netdom netdom.exe", prefixes=("/passwordd:", "/passwordo:", "/pd:", "/po:")),
    **_rows("schtasks schtasks.exe", flags=("/rp", "/p")),
    **_rows("sc sc.exe", flags=("password=",)),
    **_rows("psexec psexec.exe psexec64", flags=("-p",)),
    **_rows("reg reg.exe", flags=("/d",), needs=("defaultpassword",)),
    **_rows("setx setx.exe", places={"setx": 2}),
    **_rows("passwd", reads="secret"),
    **_rows("chpasswd", reads="pair"),
    **_rows("sudo", reads="secret", reads_if=("-S", "--stdin")),
    **_rows("su", reads="piped"),
    **_rows("kinit", name="KERBEROS_PASSWORD", reads="secret"),
    **_rows("realm adcli", name="DOMAIN_PASSWORD", reads="secret", reads_if=("join",)),
    **_rows("cryptsetup", name="DISK_PASSPHRASE", reads="secret"),
    **_rows("smbpasswd", reads="secret", reads_if=("-s",)),
    **_rows("gh glab", name="GITHUB_TOKEN", reads="secret", reads_if=("--with-token", "--stdin")),
}
# Programs whose words become another's input.
FEEDERS = frozenset({"echo", "printf", "yes", "print", "write-output"})
