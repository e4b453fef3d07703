"""schemathesis over the OpenAPI document of the MoMo surface: what the document allows, and what it does not.

No answer may have a status of 500 or more, but for the mistakes of a caller that the contract gives a 500 to.

Usage: fuzz.py URL    FLORIN_FUZZ_SEED repeats a run, FLORIN_FUZZ_EXAMPLES (default 4) is how many per operation.
"""

import base64
import json
import os
import random
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

KEYS = {"collection": "c0111ec7" * 4, "disbursement": "d15b0125" * 4, "remittance": "4e0177a2" * 4}
HOOKS = Path(__file__).with_name("fuzz_hooks.py")


def post(url, headers, body=None):
    data = b"" if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method="POST")
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def main(base):
    subscription = {"Ocp-Apim-Subscription-Key": KEYS["collection"]}
    user = str(uuid.uuid4())
    post(f"{base}/v1_0/apiuser", {**subscription, "X-Reference-Id": user}, {"providerCallbackHost": "127.0.0.1"})
    key = post(f"{base}/v1_0/apiuser/{user}/apikey", subscription)["apiKey"]
    basic = "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()
    tokens = {}
    for product, subscription_key in KEYS.items():
        headers = {"Ocp-Apim-Subscription-Key": subscription_key, "Authorization": basic}
        tokens[product] = "Bearer " + post(f"{base}/{product}/token/", headers)["access_token"]
    secrets = {"keys": KEYS, "basic": basic, "tokens": tokens}
    seed = os.environ.get("FLORIN_FUZZ_SEED") or str(random.randrange(2**32))
    print(f"fuzz        seed {seed} (FLORIN_FUZZ_SEED repeats it)", flush=True)
    command = [
        str(Path(sys.executable).with_name("st")), "run", f"{base}/openapi/momo.json", "--url", base,
        "--checks", "only_documented_server_errors,response_schema_conformance,content_type_conformance",
        "--phases", "examples,coverage,fuzzing", "--seed", seed, "--no-color", "--warnings", "off",
        "--max-examples", os.environ.get("FLORIN_FUZZ_EXAMPLES", "4"), "--suppress-health-check", "all",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "FLORIN_FUZZ_SECRETS": json.dumps(secrets)}
    # Its cache of failures would be written into the folder that it runs in.
    return subprocess.run(command, env=environment, cwd=os.environ.get("TMPDIR", "/tmp"), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
