"""The role of a launch with --secret reads that secret and no other, under a customer key too."""

import uuid

import pytest

from tests.e2e.boxes import client
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e

SHOWN = 'echo "length: $(wc -c <"$DB_PASSWORD_FILE") $(wc -c <"$TOKEN_FILE")"\n'


def test_secrets_under_a_customer_key_are_had_and_their_neighbours_not(
    launch: Launch, cloud: Cloud
) -> None:
    """A JSON member and a parameter arrive; neither neighbour, nor the key by itself, is open."""
    password, token = f"canary-{uuid.uuid4()}", f"canary-{uuid.uuid4()}-token"
    kms, manager, ssm = (client(cloud, one) for one in ("kms", "secretsmanager", "ssm"))
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/ours-{uuid.uuid4()}", TargetKeyId=key["KeyId"])
    name = f"app-{uuid.uuid4()}/db"
    for secret, key_id in ((name, key["KeyId"]), (f"{name}-2", key["KeyId"])):
        text = f'{{"user": "app", "password": "{password}"}}'
        manager.create_secret(Name=secret, SecretString=text, KmsKeyId=key_id)
        ssm.put_parameter(Name=f"/{secret}", Value=token, Type="SecureString", KeyId=key["KeyId"])
    box = launch(
        *("--secret", f"DB_PASSWORD=secretsmanager:{name}#password"),
        *("--secret", f"TOKEN=ssm:/{name}:1", "--user-data", SHOWN),
    )
    console = box.await_console("finished at", seconds=60)
    assert f"length: {len(password)} {len(token)}" in console
    assert box.sh("cat /run/spored/secrets/DB_PASSWORD") == password
    assert password not in console
    for words in (
        ("secretsmanager", "get-secret-value", "--secret-id", f"{name}-2"),
        ("secretsmanager", "list-secrets"),
        ("ssm", "get-parameter", "--name", f"/{name}-2", "--with-decryption"),
        ("ssm", "get-parameters-by-path", "--path", "/"),
    ):
        refused = box.run("aws", *words)
        assert "AccessDeniedException" in refused.stderr, words
        assert password not in refused.stdout
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"other")["CiphertextBlob"]
    box.sh(f"echo {blob.hex()} | xxd -r -p > /tmp/blob")
    refused = box.run("aws", "kms", "decrypt", "--ciphertext-blob", "fileb:///tmp/blob")
    assert "AccessDeniedException" in refused.stderr
