"""Certificates that are built here: read back as they were meant, and taken by OpenSSH."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.certificates import parse_certificate
from spawn.connect.publickey import PublicKey, split_strings
from spawn.connect.ssh_ca.building import Wanted, certificate_line, unsigned
from spawn.connect.ssh_ca.kms_forms import form_of, public_key_from_kms, signature_from_kms
from spawn.connect.ssh_ca.principals import checked_principal, principal_of
from spawn.core.errors import InputError
from tests.unit.connect.builders import public_key

NOW = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)
SIGNATURE = b"\0\0\0\x0bssh-ed25519\0\0\0\x40" + bytes(64)
NONCE = bytes(range(32))
KEYS = tuple(map(public_key, ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521")))
AUTHORITY = public_key()
P256, ED25519 = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()

wanted = st.builds(
    Wanted,
    key=st.sampled_from(KEYS),
    serial=st.integers(0, 2**64 - 1),
    key_id=st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=40),
    principals=st.lists(st.text(min_size=1, max_size=40).map(principal_of), max_size=4).map(tuple),
    begins=st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    ends=st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    forwards=st.booleans(),
    source_addresses=st.lists(st.sampled_from(("192.0.2.0/24", "2001:db8::/32"))).map(tuple),
)


def some(**changed: object) -> Wanted:
    """A certificate for alice, but for what is changed."""
    usual: dict[str, object] = {
        "key": KEYS[0],
        "serial": 42,
        "key_id": "owner:alice@now",
        "principals": ("owner:alice", "owner:b=2Cob"),
        "begins": NOW,
        "ends": NOW + timedelta(minutes=5),
    }
    return Wanted(**{**usual, **changed})  # type: ignore[arg-type]


def der_of(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """A public key as KMS gives it."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed_as_by_kms(
    said: Wanted, signer: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
) -> str:
    """Sign a certificate as KMS would."""
    authority = public_key_from_kms(der_of(signer))
    message = unsigned(said, authority=authority, nonce=NONCE)
    if isinstance(signer, ec.EllipticCurvePrivateKey):
        signature = signer.sign(message, ec.ECDSA(hashes.SHA256()))
    else:
        signature = signer.sign(message)
    return certificate_line(said, message, signature_from_kms(signature, authority))


def shown(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Have ssh-keygen read a certificate: it verifies the signature, and shows what it says."""
    place.write_text(f"{line}\n", encoding="utf-8")
    return subprocess.run(
        ["ssh-keygen", "-L", "-f", str(place)],
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@given(wanted)
def test_what_is_built_is_read_back(said: Wanted) -> None:
    """All that a certificate was to say, it says."""
    message = unsigned(said, authority=AUTHORITY, nonce=NONCE)
    found = parse_certificate(certificate_line(said, message, SIGNATURE))
    assert found.is_for_users
    assert (found.key, found.signed_by) == (said.key, AUTHORITY)
    assert (found.serial, found.key_id) == (said.serial, said.key_id)
    assert found.principals == said.principals
    assert (found.begins, found.ends) == (said.begins, said.ends)
    assert found.extensions == said.extensions
    addresses = ",".join(said.source_addresses)
    assert found.options == ((("source-address", addresses),) if addresses else ())


@pytest.mark.parametrize("signer", [P256, ED25519], ids=["P-256", "Ed25519"])
@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_openssh_takes_it(
    signer: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, key: PublicKey, tmp_path: Path
) -> None:
    """ssh-keygen verifies the signature, and shows the same words."""
    said = some(key=key, forwards=True, source_addresses=("192.0.2.0/24",))
    ended = shown(signed_as_by_kms(said, signer), tmp_path / "c-cert.pub")
    assert ended.returncode == 0, ended.stderr
    authority = public_key_from_kms(der_of(signer)).fingerprint
    for words in (
        "user certificate",
        f"CERT {key.fingerprint}",
        authority,
        'Key ID: "owner:alice@now"',
        "Serial: 42",
        "from 2026-11-28T21:00:00 to 2026-11-28T21:05:00",
        "owner:alice\n",
        "owner:b=2Cob\n",
        "source-address 192.0.2.0/24",
        "permit-port-forwarding\n",
        "permit-pty\n",
    ):
        assert words in ended.stdout
    assert "agent" not in ended.stdout


def test_a_changed_certificate_is_refused_by_openssh(tmp_path: Path) -> None:
    """What ssh-keygen says of the others is a judgement: another owner's name breaks it."""
    authority = public_key_from_kms(der_of(P256))
    message = unsigned(some(), authority=authority, nonce=NONCE)
    signature = signature_from_kms(P256.sign(message, ec.ECDSA(hashes.SHA256())), authority)
    forged = certificate_line(some(), message.replace(b"alice", b"malic"), signature)
    assert parse_certificate(forged).principals[0] == "owner:malic"
    assert shown(forged, tmp_path / "c-cert.pub").returncode != 0


@given(st.integers(1, 2**256 - 1), st.integers(1, 2**256 - 1))
def test_every_signature_of_p256_is_read(r: int, s: int) -> None:
    """Both numbers of the DER stand in SSH's form, whatever their leading bits."""
    key = public_key_from_kms(der_of(P256))
    name, pair = split_strings(signature_from_kms(encode_dss_signature(r, s), key))
    assert name == b"ecdsa-sha2-nistp256"
    numbers = [int.from_bytes(one, "big", signed=True) for one in split_strings(pair)]
    assert numbers == [r, s]


@given(st.binary(max_size=100))
def test_no_bytes_of_kms_break_the_reading(data: bytes) -> None:
    """What is no signature, and no key, is refused as that, and as nothing else."""
    for read in (
        lambda: signature_from_kms(data, KEYS[1]),
        lambda: public_key_from_kms(data),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            read()


@given(st.data())
def test_a_damaged_answer_of_kms_is_not_taken(data: st.DataObject) -> None:
    """A signature or key that is cut, or has something behind it, is none."""
    whole = data.draw(st.sampled_from([der_of(P256), der_of(ED25519)]))
    cut = data.draw(st.integers(0, len(whole) - 1))
    for damaged in (whole[:cut], whole + b"\0"):
        with pytest.raises(ValueError, match=r"\w"):
            public_key_from_kms(damaged)


@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.SECP384R1()], ids=lambda curve: curve.name)
def test_a_curve_that_ssh_has_not_here_is_refused(curve: ec.EllipticCurve) -> None:
    """A key of another curve is never taken for one of P-256."""
    with pytest.raises(ValueError, match="neither a NIST P-256 nor an Ed25519"):
        public_key_from_kms(der_of(ec.generate_private_key(curve)))


def test_kms_signs_by_the_keys_own_algorithm() -> None:
    """An Ed25519 key signs by ED25519_SHA_512, one of P-256 by ECDSA_SHA_256; RSA never does."""
    assert form_of(public_key_from_kms(der_of(P256))).signing_algorithm == "ECDSA_SHA_256"
    assert form_of(public_key_from_kms(der_of(ED25519))).signing_algorithm == "ED25519_SHA_512"
    with pytest.raises(ValueError, match="ssh-rsa"):
        form_of(public_key("ssh-rsa"))


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_name_is_spelled_as_another(one: str, other: str) -> None:
    """Whatever name an attacker picks, it is not somebody else's principal, nor a list of two."""
    spelled = principal_of(one)
    assert (spelled == principal_of(other)) == (one == other)
    assert checked_principal(spelled, flag="--principal") == spelled
    assert not set(spelled) & set(" ,\n\t\"'#\\*?!%")
    assert spelled.startswith("owner:")
    as_spelled = spelled.removeprefix("owner:")
    assert (principal_of(as_spelled) == spelled) == (as_spelled == one)


@pytest.mark.parametrize("name", ["", "a,b", "a b", "-n", "#", "a\nb", "a%b", 'a"', "ä"])
def test_a_principal_that_could_be_more_is_refused(name: str) -> None:
    """A word of the person's that sshd could take apart names nobody."""
    with pytest.raises(InputError, match="--principal"):
        checked_principal(name, flag="--principal")


def test_nobody_is_no_principal() -> None:
    """Without an owner there is no certificate, rather than one for everybody."""
    with pytest.raises(InputError):
        principal_of("")
