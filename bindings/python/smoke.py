#!/usr/bin/env python3
"""Smoke test of the Python bindings: smoke.py FOLDER. In it are mobile/ and provider/, each with its library."""

import asyncio
import contextlib
import importlib
import io
import json
import os
import pathlib
import sys
import time
import urllib.request
from datetime import datetime, timezone
from decimal import Decimal

URL = os.environ["FLORIN_TEST_URL"]
KEY = os.environ["FLORIN_TEST_KEY"]
PROXY = os.environ["FLORIN_TEST_PROXY"]
PYT = "PYT.python"
folder = pathlib.Path(sys.argv[1])


def load(sdk):
    """Each SDK has a florin_core of its own, so each is a package."""
    (folder / sdk / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    return importlib.import_module(f"{sdk}.florin_core"), importlib.import_module(f"{sdk}.florin_{sdk}")


provider_core, provider_sdk = load("provider")
mobile_core, mobile_sdk = load("mobile")


class Tokens(mobile_sdk.TokenSource):
    """What an app does: it asks the provider's own server."""

    def __init__(self, fetch):
        self.fetch, self.fetches = fetch, 0

    async def fresh_token(self):
        self.fetches += 1
        return await self.fetch(self.fetches)


async def raises(kind, awaitable):
    try:
        await awaitable
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")


def send(method, path):
    """A request to the proxy itself."""
    with urllib.request.urlopen(urllib.request.Request(PROXY + path, method=method)) as answer:
        return json.load(answer)


async def eventually(condition):
    while not condition():
        await asyncio.sleep(0.02)


def options(core, url=URL):
    return core.ClientOptions(base_url=url, retry_delay_scale_percent=3)


def backend(url=URL, journal=None):
    return provider_sdk.ProviderClient(options(provider_core, url), KEY, journal or provider_sdk.memory_journal())


def app(tokens, url=URL):
    return mobile_sdk.MobileClient(options(mobile_core, url), tokens)


provider = backend()


async def user(name):
    return await provider.users().create(provider_core.CreateUser(provider_user_id=name))


def gift(person, amount):
    return provider_core.CreditWallet(currency=PYT, amount=Decimal(amount), waid=person.waid)


async def token(person):
    return await provider.mobile_tokens().create(provider_core.CreateMobileToken(uuid=person.uuid))


async def available(person):
    balances = (await provider.wallets().get(person.waid)).balances
    return balances[0].available if balances else Decimal(0)


async def test_the_provider_writes_and_the_app_reads():
    person = await user("Zoë 🐍")
    first = await provider.wallets().credit(gift(person, "12.3456"), "python-1")
    again = await provider.wallets().credit(gift(person, "12.3456"), "python-1")
    assert first == again, "one reference, one transaction"

    async def fetch(_):
        return (await token(person)).token

    tokens = Tokens(fetch)
    phone = app(tokens)
    wallet = await phone.wallet()
    assert [(b.currency_code, b.available) for b in wallet.balances] == [(PYT, Decimal("12.3456"))], wallet
    history = await phone.transactions(mobile_core.TransactionQuery())
    assert [(t.txid, t.amount) for t in history.transactions] == [(first.txid, Decimal("12.3456"))], history
    me = await phone.me()
    assert me.provider_user_id == "Zoë 🐍" and abs((datetime.now(timezone.utc) - me.created).total_seconds()) < 60, me
    assert tokens.fetches == 1, tokens.fetches
    assert not hasattr(mobile_core, "CreditWallet") and not hasattr(mobile_sdk, "ProviderClient")


async def test_errors_are_typed():
    person = await user("poor")
    debit = provider_core.DebitWallet(currency=PYT, amount=Decimal("99"), waid=person.waid)
    refused = await raises(provider_core.FlorinError.Refused, provider.wallets().debit(debit))
    assert (refused.code, refused.name) == (20009, "INSUFFICIENT_FUNDS"), refused

    async def fetch(_):
        return (await token(person)).token

    unknown = await raises(mobile_core.FlorinError.Refused, app(Tokens(fetch)).transaction("txid_0000000000000000"))
    assert unknown.code == 20005, unknown
    invalid = await raises(mobile_core.FlorinError.InvalidInput, app(Tokens(fetch)).wallet("not a wallet"))
    assert invalid.field == "waid", invalid


async def test_a_token_source_that_raises():
    async def denied(_):
        raise mobile_sdk.TokenError.Denied(reason="signed out")

    async def broken(_):
        raise KeyError("a bug")

    assert "signed out" in (await raises(mobile_core.FlorinError.Unauthorized, app(Tokens(denied)).me())).reason
    with contextlib.redirect_stderr(io.StringIO()):  # where uniffi shows what it did not expect
        assert "a bug" in (await raises(mobile_core.FlorinError.Unauthorized, app(Tokens(broken)).me())).reason


async def test_50_calls_on_an_expired_token_fetch_one_new_token():
    person = await user("fifty")
    kept = await token(person)
    assert send("POST", f"/expire/{kept.mtid}") == {"changed": 1}

    async def fetch(count):
        return kept.token if count == 1 else (await token(person)).token

    tokens = Tokens(fetch)
    phone = app(tokens)
    answers = await asyncio.gather(*(phone.me() for _ in range(50)))
    assert {answer.uuid for answer in answers} == {person.uuid}
    assert tokens.fetches == 2, tokens.fetches


async def test_cancelling_is_safe():
    person = await user("impatient")

    async def fetch(_):
        return (await token(person)).token

    phone = app(Tokens(fetch), f"{PROXY}/py-read/hang,1,me")
    call = asyncio.create_task(phone.me())
    await eventually(lambda: send("GET", "/stats/py-read")["hit"] == 1)
    began = time.monotonic()
    call.cancel()
    await raises(asyncio.CancelledError, call)
    assert time.monotonic() - began < 1
    await eventually(lambda: send("GET", "/stats/py-read")["gone"] == 1)
    assert (await phone.me()).uuid == person.uuid

    journal = provider_sdk.memory_journal()
    slow = backend(f"{PROXY}/py-money/delay-ms=500,1,wallet-credit", journal)
    call = asyncio.create_task(slow.wallets().credit(gift(person, "5"), "python-cancelled"))
    await eventually(lambda: send("GET", "/stats/py-money")["hit"] == 1)
    call.cancel()
    await raises(asyncio.CancelledError, call)
    while await journal.pending():
        await asyncio.sleep(0.02)
    assert (await slow.operations().outcome("python-cancelled")).outcome.is_DONE()
    assert await available(person) == 5


async def test_what_is_in_doubt_is_settled_later():
    person = await user("doubtful")
    journal = provider_sdk.memory_journal()
    doomed = backend(f"{PROXY}/py-doubt/drop-after,1,wallet-credit;drop-before,99,operation", journal)
    error = await raises(provider_core.FlorinError.InDoubt, doomed.wallets().credit(gift(person, "5"), "python-doubt"))
    assert error.reference == "python-doubt", error
    resumed = await backend(journal=journal).operations().resume("python-doubt")
    assert resumed.fate.is_DONE() and await available(person) == 5, resumed


async def test_money_is_asked_for_once_at_momo():
    options = provider_sdk.momo_options(provider_sdk.MomoTarget.LOCAL(base_url=URL))
    key = "c0111ec7" * 4
    provisioning = provider_sdk.MomoProvisioning(options, key)
    person = await provisioning.create_user("127.0.0.1")
    credentials = provider_sdk.MomoCredentials(
        subscription_key=key, api_user=person, api_key=await provisioning.create_key(person)
    )
    collections = provider_sdk.MomoCollections(options, credentials, provider_sdk.memory_journal())
    payer = provider_core.MomoParty(
        party_id_type=provider_core.MomoPartyIdType.MSISDN(), party_id="256770000001"
    )
    price = provider_core.MomoRequestToPay(
        amount=Decimal("12.50"), currency="EUR", external_id="order-1", payer=payer
    )
    reference = await collections.request_to_pay(price)
    assert await collections.request_to_pay(price, reference) == reference
    patience = provider_core.MomoPatience(first_delay_ms=100, most_delay_ms=500, deadline_s=60)
    end = await collections.wait_for_request_to_pay(reference, patience)
    assert end.status.is_SUCCESSFUL() and end.amount == Decimal("12.5"), end
    price.amount = Decimal("13")
    conflict = await raises(provider_core.FlorinError.Refused, collections.request_to_pay(price, reference))
    assert (conflict.code, conflict.name) == (409, "RESOURCE_ALREADY_EXIST"), conflict


async def main():
    loop = asyncio.get_running_loop()
    # Calls back come from Rust on any thread: they must be told the loop.
    provider_sdk.uniffi_set_event_loop(loop)
    mobile_sdk.uniffi_set_event_loop(loop)
    currencies = provider.currencies()
    await currencies.create(
        provider_core.CreateExtendedCurrency(
            currency_code="PYT", currency_name="Snake", currency_decimals=4, display_decimals=2, issuer_name="python"
        )
    )
    await currencies.issue(provider_core.IssueGatewayCurrency(currency_code="PYT", amount=Decimal("1000")))
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        print(name, flush=True)
        await asyncio.wait_for(test(), 60)
    print(f"{len(tests)} passed, 0 failed")


asyncio.run(main())
