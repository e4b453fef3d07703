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
import urllib.error
import urllib.request
from datetime import datetime, timezone
from decimal import Decimal

URL = os.environ["FLORIN_TEST_URL"]
KEY = os.environ["FLORIN_TEST_KEY"]
PROXY = os.environ["FLORIN_TEST_PROXY"]
PYT = "PYT.python"
PASSWORD = "Str0ng-pass!"
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


def browser(url, email, decision):
    """A person opens this address, signs in and decides; where that leads."""
    body = json.dumps({"url": url, "email": email, "password": PASSWORD, "decision": decision}).encode()
    with urllib.request.urlopen(f"{PROXY}/browser", body) as answer:
        return answer.read().decode()


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


async def test_the_app_reads_everything():
    person = await user("reader")
    wallets, payments = provider.wallets(), provider.payments()
    address = provider_core.CreateWalletDepositAddress(method="ripple", waid=person.waid)
    made = (await wallets.create_deposit_address(address)).address

    async def fetch(_):
        return (await token(person)).token

    phone = app(Tokens(fetch))
    start = (await phone.events(mobile_core.GetEvents())).next
    moved = await wallets.credit(gift(person, "5"), "python-reader")
    event = await phone.live_events(start).next()
    assert event.kind.is_CREDIT() and event.data.txid == moved.txid, event
    assert (await phone.transaction_pages(mobile_core.TransactionQuery()).next())[0].txid == moved.txid
    asked = await payments.request(
        provider_core.CreatePaymentRequest(
            amount=Decimal("2"), currency=PYT, method="wallet", source_waid=person.waid
        )
    )
    assert (await phone.payment(asked.prid)).status.is_WAITING()
    assert [p.prid for p in (await phone.payments(mobile_core.PaymentQuery())).payments] == [asked.prid]
    assert [p.prid for p in await phone.payment_pages(mobile_core.PaymentQuery()).next()] == [asked.prid]
    assert (await phone.transaction(moved.txid)).amount == 5
    assert [w.waid for w in await phone.wallets()] == [person.waid]
    assert (await phone.profile()).upid == person.upid and (await phone.profiles())[0].upid == person.upid
    ripple = mobile_core.GetWalletDepositAddress(method="ripple", currency_code="XRP")
    assert (await phone.deposit_address(ripple)).address == made
    assert PYT in [c.currency_code for c in await phone.currencies()]
    assert (await phone.settings()).currencies and await phone.roles() and await phone.extended_attributes() is not None


async def person():
    """Who has an account, and the address to sign in with."""
    email = "zoe@example.com"
    made = await provider.profiles().create(
        provider_core.CreateProfile(
            kind=provider_core.ProfileType.INDIVIDUAL(),
            email=email,
            register_user=True,
            sub_profile=True,
            callback_url="https://shop.example/new",
            password=PASSWORD,
            email_validation=False,
            first_name="Zoe",
            last_name="Reed",
        )
    )
    return made, email


class Keychain(mobile_sdk.RefreshTokenKeeper):
    def __init__(self):
        self.kept = []

    async def keep(self, refresh_token):
        self.kept.append(refresh_token)


async def test_a_person_signs_in():
    zoe, email = await person()
    back = "com.example.app:/callback"
    public = provider_core.ApplicationType.PUBLIC()
    made = await provider.applications().create(
        provider_core.CreateApplication(name="Phone", kind=public, redirect_uris=back)
    )
    settings = mobile_sdk.OAuthSettings(client_id=made.client_id, redirect_uri=back)
    oauth = mobile_sdk.OAuthClient(options(mobile_core), settings)
    request = oauth.begin()
    denied = await asyncio.to_thread(browser, request.authorize_url, email, "deny")
    await raises(mobile_core.FlorinError.Unauthorized, oauth.finish(request, denied))
    answer = await asyncio.to_thread(browser, request.authorize_url, email, "allow")
    tokens = await oauth.finish(request, answer)
    assert tokens.refresh_token not in str(tokens) and "scope=read" in str(tokens), tokens
    keychain = Keychain()
    phone = app(oauth.token_source(tokens.refresh_token, keychain))
    assert (await phone.me()).uuid == zoe.uuid and len(keychain.kept) == 1
    policy = provider_sdk.TokenPolicy(client_id=made.client_id, scope="read")
    checker = provider_sdk.TokenChecker(options(provider_core), policy)
    assert (await checker.check(tokens.access_token)).uuid == zoe.uuid
    await raises(provider_core.FlorinError.Unauthorized, checker.check("no token"))
    await oauth.sign_out(keychain.kept[0])
    await raises(mobile_core.FlorinError.Unauthorized, phone.me())

    signed_in = await provider.credentials().login(provider_core.Login(email=email, password=PASSWORD))
    assert signed_in.uuid == zoe.uuid
    assert (await provider.system_users().by_email(email)).uuid == zoe.uuid


async def test_every_group_of_the_provider():
    core, ivy = provider_core, await user("ivy")
    me = await provider.profiles().get()
    key = await provider.api_keys().create(core.CreateApiKey(description="python", roles=["ewallet-ro"]))
    await provider.api_keys().delete(key.akid)
    roles, teams = provider.roles(), provider.teams()
    await roles.create(core.CreateRole(role="python-desk", description="Desk", rights=["readmyprofile"]))
    assert "python-desk" in [role.role_id for role in await roles.list()]
    kim = core.AddTeamUser(email="kim@example.com", roles=["profile-ro"], callback_url="https://shop.example/join")
    assert (await teams.add(kim)).uuid in [member.uuid for member in await teams.list()]
    assert (await raises(core.FlorinError.Refused, teams.add(kim))).code == 20006
    fees, tiers = provider.fees(), provider.tiers()
    fsid = await fees.set(core.SetFeeSchedule(schedule_name="Python"))
    assert fsid in [schedule.fsid for schedule in await fees.list()]
    await tiers.set(core.SetTier(level=9, tier_name="Python"))
    assert 9 in [tier.level for tier in await tiers.list()]
    assert "ripple" in [bridge.bridge_name for bridge in await provider.bridges().list()]
    assert await provider.components().attributes(core.ComponentName.OMNIPAY())
    assert (await provider.settings().get()).currencies

    await provider.wallets().credit(gift(ivy, "5"), "python-ivy")
    hold = await provider.holds().place(core.PlaceHold(currency=PYT, amount=Decimal("2"), waid=ivy.waid))
    assert await available(ivy) == 3
    await provider.holds().release(hold.hoid)
    history = await provider.transactions().list(core.TransactionQuery(waid=ivy.waid))
    assert [t.kind.is_CREDIT() for t in history.transactions][-1], history

    here = core.TransportSettings(url=f"{PROXY}/receive/python", events=["credit"], below=True)
    http = core.TransportType.HTTP()
    made = await provider.notifications().add(
        core.SetNotificationTransport(upid=me.upid, transport_type=http, transport=here, akid=me.akid)
    )
    moved = await provider.wallets().credit(gift(ivy, "1"), "python-told")
    verifier = provider_sdk.WebhookVerifier([made.secret])

    def message():
        try:
            with urllib.request.urlopen(here.url) as answer:
                names = ("webhook-id", "webhook-timestamp", "webhook-signature")
                return [answer.headers[name] for name in names], answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            return None

    while not (told := await asyncio.to_thread(message)):
        await asyncio.sleep(0.02)
    headers, body = told
    assert verifier.verify(*headers, body).event.data.txid == moved.txid
    try:
        verifier.verify(*headers, body + b" ")
        raise AssertionError("it is forged")
    except core.FlorinError.InvalidInput as error:
        assert error.field == "webhook-signature", error


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
    provisioning = provider_sdk.MomoProvisioning(options, "c0111ec7" * 4)
    person = await provisioning.create_user("127.0.0.1")
    api_key = await provisioning.create_key(person)

    def product(kind, key):
        credentials = provider_sdk.MomoCredentials(subscription_key=key * 4, api_user=person, api_key=api_key)
        return kind(options, credentials, provider_sdk.memory_journal())

    collections = product(provider_sdk.MomoCollections, "c0111ec7")
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
    for kind, key in [(provider_sdk.MomoDisbursements, "d15b0125"), (provider_sdk.MomoRemittances, "4e0177a2")]:
        assert (await product(kind, key).balance()).available_balance > 0


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
