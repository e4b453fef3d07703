// A person at a headless Chromium, and an OpenID Connect library that is not ours, against florin serve.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as oidc from 'openid-client';
import { chromium } from 'playwright-core';

const server = process.env.FLORIN_TEST_URL;
const key = process.env.FLORIN_TEST_KEY;
const provider = process.env.FLORIN_TEST_PROVIDER;
const [email, password] = [process.env.FLORIN_TEST_EMAIL, process.env.FLORIN_TEST_PASSWORD];
const pictures = process.env.FLORIN_TEST_PICTURES;

let context, callback, folder;
const redirect = () => `http://127.0.0.1:${callback.address().port}/cb`;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'florin-chromium-'));
  context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  callback = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Back</h1>'));
  callback.listen(0, '127.0.0.1');
  await new Promise((ready) => callback.once('listening', ready));
  if (pictures) mkdirSync(pictures, { recursive: true });
});
after(async () => {
  await context.close();
  callback.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(method, path, body, headers = { 'X-APIKey': key }) {
  const answer = await fetch(server + path, {
    method, headers: { ...headers, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  });
  return answer.json();
}

async function register(type) {
  const made = await call('POST', '/api/v1/application', { name: 'Corner Shop', type, redirecturis: redirect() });
  assert.equal(made.resultcode, 10000, JSON.stringify(made));
  return made;
}

/** A page whose violations of its own policy are faults of ours. */
async function open() {
  await context.clearCookies();
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.faults = [];
  page.on('console', (line) => line.type() === 'error' && !line.text().includes('Failed to load resource') && page.faults.push(line.text()));
  page.on('pageerror', (error) => page.faults.push(String(error)));
  return page;
}

const picture = (page, name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });

async function signIn(page) {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** What a person who cannot see well, or uses no mouse, needs of a page. */
async function accessible(page) {
  const faults = await page.evaluate(() => {
    const faults = [];
    if (document.documentElement.lang !== 'en') faults.push('no language');
    if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
    if (!document.querySelector('main')) faults.push('no main');
    if (!document.title) faults.push('no title');
    for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
      if (!field.labels?.length) faults.push(`no label: ${field.name}`);
    }
    for (const button of document.querySelectorAll('button, a')) {
      if (!(button.getAttribute('aria-label') || button.textContent.trim())) faults.push('a nameless button');
    }
    const light = (color) => {
      const [r, g, b] = color.match(/[\d.]+/g).map((part) => { const c = part / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if (color !== 'rgba(0, 0, 0, 0)') return color;
      }
      return 'rgb(255, 255, 255)';
    };
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!own) continue;
      const [one, two] = [light(getComputedStyle(element).color), light(behind(element))];
      const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
      if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${element.textContent.trim().slice(0, 30)}`);
    }
    return faults;
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(page.faults, []);
}

async function configured(app) {
  const how = app.clientsecret ? oidc.ClientSecretBasic(app.clientsecret) : oidc.None();
  return oidc.discovery(new URL(server), app.clientid, undefined, how, { execute: [oidc.allowInsecureRequests] });
}

/** What the library asks, and what it expects of the answer. */
async function begin(config, scope) {
  const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirect(), scope, state, nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  return { address: address.href, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true } };
}

test('a standard client gets in through the pages, refreshes, asks, and ends it', async () => {
  const config = await configured(await register('confidential'));
  const { address, checks } = await begin(config, 'openid *');
  const page = await open();
  await page.goto(address);
  await picture(page, 'login');
  await accessible(page);
  await signIn(page);
  await page.getByRole('heading', { name: 'Allow Corner Shop' }).waitFor();
  await picture(page, 'consent');
  await accessible(page);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.waitForURL(`${redirect()}?*`);
  const tokens = await oidc.authorizationCodeGrant(config, new URL(page.url()), checks);
  assert.match(tokens.claims().sub, /^uuid_/);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.email, email);
  const bearer = { Authorization: `Bearer ${tokens.access_token}` };
  assert.equal((await call('GET', '/api/v1/profile', undefined, bearer)).resultcode, 10000);
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  assert.equal((await oidc.tokenIntrospection(config, fresh.access_token)).active, true);
  await oidc.tokenRevocation(config, fresh.refresh_token);
  assert.equal((await oidc.tokenIntrospection(config, fresh.access_token)).active, false);
  assert.equal((await call('GET', '/api/v1/profile', undefined, bearer)).resultcode, 20001);
  await page.close();
});

test('a public client reads and cannot write; all of it by keyboard', async () => {
  const config = await configured(await register('public'));
  const { address, checks } = await begin(config, 'openid read');
  const page = await open();
  await page.goto(address);
  // The first field gets the focus by itself: once the page is drawn, which may be after it is loaded.
  await page.locator('input[type=email]:focus').waitFor();
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Allow Corner Shop' }).waitFor();
  assert.match(await page.locator('main').innerText(), /change nothing/);
  for (let steps = 0; steps < 12; steps += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.textContent === 'Allow')) break;
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none', 'the focus can be seen');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${redirect()}?*`);
  const tokens = await oidc.authorizationCodeGrant(config, new URL(page.url()), checks);
  const bearer = { Authorization: `Bearer ${tokens.access_token}` };
  assert.equal((await call('GET', '/api/v1/wallet/list', undefined, bearer)).resultcode, 10000);
  const write = await call('POST', '/api/v1/wallet/create', { walletname: 'Mine' }, bearer);
  assert.equal(write.resultcode, 20004);
  await page.close();
});

test('a person may refuse, and a wrong password is told', async () => {
  const config = await configured(await register('confidential'));
  const { address, checks } = await begin(config, 'openid *');
  const page = await open();
  await page.goto(address);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill('Wrong-pass-1!');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await picture(page, 'wrong');
  await accessible(page);
  assert.equal(await page.getByLabel('E-mail address').inputValue(), email, 'the address need not be typed again');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.waitForURL(`${redirect()}?*`);
  await assert.rejects(oidc.authorizationCodeGrant(config, new URL(page.url()), checks), (error) => error.error === 'access_denied');
  await page.close();
});

test('an application is registered on its page, and its secret is shown once', async () => {
  const page = await open();
  await page.goto(`${server}/auth/apps`);
  await signIn(page);
  await page.getByRole('heading', { name: 'Applications' }).waitFor();
  await page.getByLabel('Name').fill('Till');
  await page.getByLabel('On a server').check();
  await page.getByLabel('Redirect addresses').fill('http://till.example/cb');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByRole('alert').waitFor();
  await accessible(page);
  await page.getByLabel('Redirect addresses').fill('https://till.example/cb');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText('shown now and never again').waitFor();
  assert.equal((await page.locator('#secret').innerText()).length, 32);
  await picture(page, 'apps');
  await accessible(page);
  await page.goto(`${server}/auth/apps`);
  assert.equal(await page.locator('#secret').count(), 0);
  await page.getByRole('button', { name: 'Delete Till' }).click();
  await page.getByRole('heading', { name: 'Applications' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Delete Till' }).count(), 0);
  await page.close();
});

test('no other page frames it', async () => {
  const page = await open();
  await page.goto(redirect());
  await page.evaluate((address) => {
    const frame = document.createElement('iframe');
    frame.src = address;
    document.body.append(frame);
    return new Promise((done) => { frame.onload = done; frame.onerror = done; });
  }, `${server}/auth/login`);
  const inside = await page.frames()[1].evaluate(() => document.body?.innerText ?? '').catch(() => '');
  assert.doesNotMatch(inside, /Password/);
  await page.close();
});

test('an unknown application is a page, and nobody is sent anywhere', async () => {
  const page = await open();
  await page.goto(`${server}/auth/authorize?client_id=abcdefgh&redirect_uri=https://evil.example/&response_type=code`);
  await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
  await picture(page, 'unknown');
  await accessible(page);
  await page.close();
});

test('somebody signs in with an account elsewhere', async () => {
  const callbackURL = `${server}/auth/p/google/callback`;
  const config = { google: { clientID: 'our-id', clientSecret: 'our-secret', callbackURL } };
  assert.deepEqual(await call('POST', '/auth/api/strategies', config), { status: 'ok' });
  const person = (claims) => fetch(`${provider}/next`, { method: 'POST', body: JSON.stringify(claims) });
  const enter = async (page) => {
    await context.clearCookies();
    await page.goto(`${server}/auth/login`);
    await page.getByRole('link', { name: 'Sign in with Google' }).click();
    await page.getByRole('heading').first().waitFor();
    return page.getByRole('heading').first().innerText();
  };
  const page = await open();
  // Nobody knows the address, and nobody may register.
  await person({ sub: 'g-1', email: 'new@example.com', email_verified: true, given_name: 'Nora', family_name: 'New' });
  assert.equal(await enter(page), 'You are not signed in');
  await picture(page, 'elsewhere');
  // The address of the administrator, but not verified; then verified.
  await person({ sub: 'g-2', email, email_verified: false });
  assert.equal(await enter(page), 'You are not signed in');
  await person({ sub: 'g-2', email, email_verified: true });
  assert.equal(await enter(page), 'Applications');
  // From now on the account is known by its id, whatever its address is.
  await person({ sub: 'g-2', email: 'changed@example.com', email_verified: false });
  assert.equal(await enter(page), 'Applications');
  assert.match(await page.locator('header').innerText(), new RegExp(email));
  // An id token for others, and one that answers another request.
  await person({ sub: 'g-2', email, email_verified: true, audience: 'others' });
  assert.equal(await enter(page), 'You are not signed in');
  await person({ sub: 'g-2', email, email_verified: true, nonce: 'another' });
  assert.equal(await enter(page), 'You are not signed in');
  // Registration is switched on.
  const set = { name: 'publicregistration', value: 'true' };
  const done = await call('POST', '/api/v1/system/omnipass/attribute', set);
  assert.equal(done.resultcode, 10000, JSON.stringify(done));
  await person({ sub: 'g-1', email: 'new@example.com', email_verified: true, given_name: 'Nora', family_name: 'New' });
  assert.equal(await enter(page), 'Applications');
  assert.match(await page.locator('header').innerText(), /new@example\.com/);
  // An answer that nobody asked for.
  await context.clearCookies();
  await page.goto(`${callbackURL}?code=x&state=y`);
  assert.equal(await page.getByRole('heading').first().innerText(), 'You are not signed in');
  await page.close();
});
