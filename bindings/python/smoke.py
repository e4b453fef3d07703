#!/usr/bin/env python3
"""Smoke test of the Python bindings: smoke.py FOLDER. In it are mobile/ and provider/, each with its library."""

import asyncio
import importlib
import os
import pathlib
import sys
from decimal import Decimal

URL = os.environ["FLORIN_TEST_URL"]
KEY = os.environ["FLORIN_TEST_KEY"]
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
        return await self.fetch()


async def raises(kind, awaitable):
    try:
        await awaitable
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")


async def main():
    loop = asyncio.get_running_loop()
    # Calls back come from Rust on any thread: they must be told the loop.
    provider_sdk.uniffi_set_event_loop(loop)
    mobile_sdk.uniffi_set_event_loop(loop)
    options = provider_core.ClientOptions(base_url=URL, retry_delay_scale_percent=3)
    provider = provider_sdk.ProviderClient(options, KEY, provider_sdk.memory_journal())

    await provider.currencies().create(
        provider_core.CreateExtendedCurrency(
            currency_code="PYT", currency_name="Snake", currency_decimals=4, display_decimals=2, issuer_name="python"
        )
    )
    await provider.currencies().issue(
        provider_core.IssueGatewayCurrency(currency_code="PYT", amount=Decimal("1000")), None
    )
    user = await provider.users().create(provider_core.CreateUser(provider_user_id="Zoë 🐍"))
    gift = provider_core.CreditWallet(currency="PYT.python", amount=Decimal("12.3456"), waid=user.waid)
    first = await provider.wallets().credit(gift, "python-1")
    assert first == await provider.wallets().credit(gift, "python-1"), "one reference, one transaction"

    refused = await raises(
        provider_core.FlorinError.Refused,
        provider.wallets().debit(
            provider_core.DebitWallet(currency="PYT.python", amount=Decimal("99"), waid=user.waid), None
        ),
    )
    assert (refused.code, refused.name) == (20009, "INSUFFICIENT_FUNDS"), refused

    async def fetch():
        request = provider_core.CreateMobileToken(provider_user_id="Zoë 🐍")
        return (await provider.mobile_tokens().create(request)).token

    tokens = Tokens(fetch)
    app = mobile_sdk.MobileClient(mobile_core.ClientOptions(base_url=URL, retry_delay_scale_percent=3), tokens)
    wallet = await app.wallet(None)
    assert [(b.currency_code, b.available) for b in wallet.balances] == [("PYT.python", Decimal("12.3456"))], wallet
    history = await app.transactions(mobile_core.TransactionQuery())
    assert [(t.txid, t.amount) for t in history.transactions] == [(first.txid, Decimal("12.3456"))], history
    assert (await app.me()).provider_user_id == "Zoë 🐍"
    assert tokens.fetches == 1, tokens.fetches

    unknown = await raises(mobile_core.FlorinError.Refused, app.transaction("txid_0000000000000000"))
    assert unknown.code == 20005, unknown

    async def offline():
        raise mobile_sdk.TokenError.Denied(reason="signed out")

    stranger = mobile_sdk.MobileClient(mobile_core.ClientOptions(base_url=URL), Tokens(offline))
    denied = await raises(mobile_core.FlorinError.Unauthorized, stranger.me())
    assert "signed out" in denied.reason, denied


asyncio.run(asyncio.wait_for(main(), 60))
print("1 passed, 0 failed")
