"""What schemathesis is told of the native surface: credentials, ids that exist, and which answers are wrong."""

import atexit
import json
import os
import threading

import schemathesis

WORLD = json.loads(os.environ["FLORIN_FUZZ_SECRETS"])
CREDENTIALS = WORLD["credentials"]
# The key that may do everything comes most often: behind it is the most to find.
ORDER = ["key", "staff", "token", "key", "confidential", "reader", "key", "public", "nobody"]
# What would close the door behind itself for all that come after.
KEPT = {"maintenance", "requestsinflight"}

counts, lock, turn = {}, threading.Lock(), iter(range(2**62))


@atexit.register
def tell():
    with open(os.environ["FLORIN_FUZZ_COUNTS"], "w", encoding="utf-8") as file:
        json.dump(counts, file)


def plausible(value, name, number):
    """What a schema cannot say: ids of what is there, and a currency that is issued."""
    if isinstance(value, dict):
        return {key: plausible(item, key, number) for key, item in value.items()}
    for kind, ids in WORLD["ids"].items():
        if name.endswith(kind):
            return ids[number % len(ids)]
    if name in ("currency", "currencycode"):
        return "TOK.acme"
    if "amount" in name and isinstance(value, str):
        return ["1", "0.50", "12.34"][number % 3]
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    """Opens the surface. Half of the requests ask for what is there, the others keep what was made."""
    with lock:
        number = next(turn)
        kind = ORDER[number % len(ORDER)]
        row = counts.setdefault(f"{case.method.upper()} {case.operation.path}", {})
        row[kind] = row.get(kind, 0) + 1
    for name in ("X-APIKey", "Authorization"):
        case.headers.pop(name, None)
    case.headers.update(CREDENTIALS[kind])
    # All of the user's tokens would be gone for all that come after.
    ends_all = case.method.upper() == "DELETE" and case.operation.path.endswith("/user/mobiletoken")
    if number % 2 == 0 and not ends_all:
        for part in (case.path_parameters, case.query):
            for name in list(part or {}):
                part[name] = plausible(part[name], name, number // 2)
        if isinstance(case.body, dict):
            case.body = plausible(case.body, "", number // 2)
    body = case.body if isinstance(case.body, dict) else {}
    if isinstance(body.get("status"), str) and number % 2 == 0:
        body["status"] = "active"
    if str(body.get("name")) in KEPT or str(body.get("name")).startswith("ratelimit"):
        body["name"] = "inactivitytimeoutinminutes"


@schemathesis.check
def no_fault_of_the_server(context, response, case):
    """No status and no result code says that the server is at fault."""
    assert response.status_code < 500, f"status {response.status_code}"
    if "json" in response.headers.get("content-type", [""])[0]:
        code = json.loads(response.content).get("resultcode")
        assert code != 10003, f"result code {code}"
