"""Signature Version 4, by which AWS knows who asks. Pure.

Source: IAM User Guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


def authorization(
    request: str, headers: Mapping[str, str], scope: str, keys: Mapping[str, str]
) -> str:
    """Return the header that signs a request.

    request  method and target as they are sent, "GET /a%20b?x=1"; the parts of a query in order,
             and each with its "="
    headers  all that are signed, names in lower case; among them `host`, `x-amz-date` and, the
             SHA-256 of the body in hex, `x-amz-content-sha256`
    scope    region and service, "eu-west-1/s3"
    keys     AccessKeyId and SecretAccessKey
    """
    method, target = request.split(" ")
    path, _, query = target.partition("?")
    if not scope.endswith("/s3"):
        path = quote(path)  # S3 alone takes it as it is
    names = sorted(headers)
    signed, date = ";".join(names), headers["x-amz-date"]
    lines = [f"{name}:{' '.join(headers[name].split())}" for name in names]
    whole = "\n".join((method, path, query, *lines, "", signed, headers["x-amz-content-sha256"]))
    scope = f"{date[:8]}/{scope}/aws4_request"
    text = f"{_ALGORITHM}\n{date}\n{scope}\n{sha256(whole.encode()).hexdigest()}"
    key = f"AWS4{keys['SecretAccessKey']}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    who = f"{_ALGORITHM} Credential={keys['AccessKeyId']}/{scope}"
    return f"{who}, SignedHeaders={signed}, Signature={key.hex()}"
