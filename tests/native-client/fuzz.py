"""schemathesis over the OpenAPI document of the native surface: what it allows, and what it does not.

Every answer has the status 200 and the shape of the document; no result code says that the server is at fault. Each
operation is tried with a credential of each kind: API keys, a mobile token, the session of a member of staff, and tokens of
applications, confidential and public.

Usage: fuzz.py URL KEY EMAIL PASSWORD    FLORIN_FUZZ_SEED repeats a run, FLORIN_FUZZ_EXAMPLES (default 100) is how many per operation.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import sign_in

EXAMPLES = int(os.environ.get("FLORIN_FUZZ_EXAMPLES", "100"))
HOOKS = Path(__file__).with_name("fuzz_hooks.py")


def call(base, path, key, body):
    headers = {"X-APIKey": key, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/api/v1{path}", json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request) as answer:
        parsed = json.loads(answer.read())
    if parsed["resultcode"] != 10000:
        raise SystemExit(f"{path}: {parsed}")
    return parsed


def get(base, path, key):
    request = urllib.request.Request(f"{base}/api/v1{path}", headers={"X-APIKey": key})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def prepare(base, key, person):
    """A little world, so that ids and codes that exist can be asked for."""
    call(base, "/currency/extended/create", key, {
        "currencycode": "TOK", "currencyname": "Token", "currencydecimals": 2, "displaydecimals": 2, "issuername": "acme"})
    # Who comes without a credential is not to be told that it comes too often: that would be all that is found.
    call(base, "/system/omnipass/attribute", key, {"name": "ratelimitpublic", "value": "0"})
    wallet = call(base, "/currency/issue", key, {"currencycode": "TOK", "amount": "1000000"})["waid"]
    user = call(base, "/user/create", key, {"provideruserid": "alice"})
    token = call(base, "/user/mobiletoken", key, {"uuid": user["uuid"]})
    credit = call(base, "/wallet/credit", key, {"waid": user["waid"], "currency": "TOK.acme", "amount": "1000"})
    hold = call(base, "/wallet/hold", key, {"waid": user["waid"], "currency": "TOK.acme", "amount": "1"})
    payment = call(base, "/payment/request", key, {
        "amount": "1", "currency": "TOK.acme", "method": "wallet", "sourcewaid": user["waid"]})
    reader = call(base, "/profile/apikey", key, {"description": "Reads", "roles": ["ewallet-ro"]})
    spare = call(base, "/profile/apikey", key, {"description": "Spare", "roles": ["ewallet-ro"]})
    spare_token = call(base, "/user/mobiletoken", key, {"uuid": user["uuid"]})
    email, password = person
    bearers = {"staff": call(base, "/user/login", key, {"email": email, "password": password})["token"], "token": token["token"]}
    for kind, scope in [("confidential", "*"), ("public", "read")]:
        application = call(base, "/application", key, {"name": kind, "type": kind, "redirecturis": sign_in.REDIRECT})
        bearers[kind] = sign_in.access_token(base, person, application, scope)
    return {
        "credentials": {
            "key": {"X-APIKey": key},
            "reader": {"X-APIKey": reader["apikey"]},
            "nobody": {},
            **{name: {"Authorization": f"Bearer {token}"} for name, token in bearers.items()},
        },
        "ids": {
            "waid": [user["waid"], wallet], "uuid": [user["uuid"]],
            "upid": [user["upid"], get(base, "/profile", key)["upid"]], "mtid": [spare_token["mtid"]],
            "akid": [spare["akid"]], "txid": [credit["txid"]], "hoid": [hold["hoid"]], "prid": [payment["prid"]],
        },
    }


def run(base, place, number, operations, seed, secrets):
    """One process of schemathesis on its part of the operations. Threads would wait for each other."""
    folder = place / str(number)
    folder.mkdir()
    command = [
        str(Path(sys.executable).with_name("st")), "run", f"{base}/openapi/native.json", "--url", base,
        "--checks", "no_fault_of_the_server,status_code_conformance,response_schema_conformance,content_type_conformance",
        "--phases", "examples,coverage,fuzzing", "--seed", seed, "--no-color", "--warnings", "off", "--workers", "1",
        "--max-examples", str(EXAMPLES), "--suppress-health-check", "all", "--max-failures", "20",
    ]
    for name in operations:
        command += ["--include-operation-id", name]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "FLORIN_FUZZ_SECRETS": json.dumps(secrets),
                   "FLORIN_FUZZ_COUNTS": str(folder / "counts.json")}
    with open(folder / "out", "w", encoding="utf-8") as out:
        return folder, subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT)


def main(base, key, person):
    seed = os.environ.get("FLORIN_FUZZ_SEED") or str(random.randrange(2**32))
    print(f"fuzz        seed {seed} (FLORIN_FUZZ_SEED repeats it)", flush=True)
    with urllib.request.urlopen(f"{base}/openapi/native.json") as answer:
        paths = json.loads(answer.read())["paths"]
    names = sorted(operation["operationId"] for methods in paths.values() for operation in methods.values())
    secrets = prepare(base, key, person)
    processes = int(os.environ.get("FLORIN_FUZZ_PROCESSES", os.cpu_count() or 2))
    tried, failed = {}, 0
    with tempfile.TemporaryDirectory() as place:
        parts = [names[number::processes] for number in range(processes)]
        running = [run(base, Path(place), number, part, seed, secrets) for number, part in enumerate(parts)]
        for folder, process in running:
            if process.wait() != 0:
                failed = 1
                print((folder / "out").read_text(encoding="utf-8"), flush=True)
            tried.update(json.loads((folder / "counts.json").read_text()))
    short = fill_up(base, paths, tried, secrets["credentials"], random.Random(seed))
    known = [tried[f"{method.upper()} {path}"] for path, methods in paths.items() for method in methods]
    total = sum(sum(row.values()) for row in known)
    print(f"fuzz        {total} requests on {len(known)} operations, each with {', '.join(secrets['credentials'])}")
    if short:
        print("not as it must be:\n" + "\n".join(short))
    return failed or (1 if short else 0)


def fill_up(base, paths, tried, credentials, rng):
    """An operation that takes little or nothing has few cases: it is asked again, with fields that it does not have."""
    wrong = []
    for path, methods in paths.items():
        for method in methods:
            row = tried.setdefault(f"{method.upper()} {path}", {})
            while sum(row.values()) < EXAMPLES or len(row) < len(credentials):
                kind = min(credentials, key=lambda name: row.get(name, 0))
                row[kind] = row.get(kind, 0) + 1
                noise = f"{rng.getrandbits(32):x}"
                url = base + path.replace("{", "").replace("}", "")
                data = json.dumps({noise: noise}).encode() if method == "post" else None
                request = urllib.request.Request(url if data else f"{url}?{noise}={noise}", data, {
                    "Content-Type": "application/json", **credentials[kind]}, method=method.upper())
                try:
                    with urllib.request.urlopen(request) as answer:
                        code = json.loads(answer.read())["resultcode"]
                except Exception as error:  # whatever it is, it is not as it must be
                    code = error
                if code not in (10000, 20000, 20001, 20002, 20003, 20004, 20005, 20012):
                    wrong.append(f"{method.upper()} {path} with {kind}: {code}")
                    break
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2], (sys.argv[3], sys.argv[4])))
