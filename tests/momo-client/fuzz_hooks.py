"""What schemathesis is told of the MoMo surface: secrets that open it, and which answers are wrong."""

import json
import os
import uuid

import schemathesis

SECRETS = json.loads(os.environ["FLORIN_FUZZ_SECRETS"])

# Mistakes of a caller that the contract gives a 500 to (contract.md, sections 5 and 8), and what its sandbox's test
# values answer (section 10). A fault of ours has another code, or none.
CALLERS_MISTAKES = {
    "NOT_ALLOWED",
    "NOT_ALLOWED_TARGET_ENVIRONMENT",
    "INVALID_CALLBACK_URL_HOST",
    "INVALID_CURRENCY",
}


CURRENCIES = ["EUR", "UGX", "BTC"]
AMOUNTS = ["1", "2.50", "0.01", "1000", "3000", "99999999999999999999", "0.0000001"]


def plausible(value, name, number):
    """What a schema cannot say: amounts that a currency has, numbers that are numbers."""
    if isinstance(value, list):
        return [plausible(item, name, number) for item in value]
    if isinstance(value, dict):
        if "partyIdType" in value:
            return {"partyIdType": "MSISDN", "partyId": str(46733123440 + number % 30)}
        return {key: plausible(item, key, number) for key, item in value.items()}
    if "amount" in name.lower():
        return AMOUNTS[number % len(AMOUNTS)]
    if "currency" in name.lower():
        return CURRENCIES[number % len(CURRENCIES)]
    if name in ("validityDuration", "consent_valid_in"):
        return str(60 * (1 + number % 9))
    return {"login_hint": "ID:46733123454/MSISDN", "access_type": "offline"}.get(name, value)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Opens the surface, so that what is behind the secrets is tried, too. One request in seven keeps what was made."""
    headers = case.headers
    number = sum(map(ord, str(case.path_parameters) + str(case.body)))
    if number % 7 == 0:
        return
    if number % 2 == 0 and isinstance(case.body, dict):
        case.body = plausible(case.body, "", number // 2)
        headers["X-Reference-Id"] = str(uuid.uuid4())
        headers["X-Target-Environment"] = "sandbox"
        if "X-Callback-Url" in headers:
            headers["X-Callback-Url"] = "http://127.0.0.1:9/"
    product = case.path.split("/")[1]
    headers["Ocp-Apim-Subscription-Key"] = SECRETS["keys"].get(product, SECRETS["keys"]["collection"])
    if "/token/" in case.path:
        headers["Authorization"] = SECRETS["basic"]
    elif product in SECRETS["tokens"]:
        headers["Authorization"] = SECRETS["tokens"][product]
    if "X-Target-Environment" in headers:
        headers["X-Target-Environment"] = "sandbox"


@schemathesis.check
def only_documented_server_errors(context, response, case):
    """No answer says that the server is at fault."""
    if response.status_code < 500:
        return
    try:
        code = json.loads(response.content).get("code")
    except (ValueError, AttributeError):
        code = None
    assert code in CALLERS_MISTAKES, f"status {response.status_code}, code {code}"
