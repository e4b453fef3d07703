// The npm client `mtn-momo`, unmodified but for its base address, lives its whole life against
// `florin serve --sandbox`.
// FLORIN_TEST_URL names the server; `scripts/test-momo` starts one.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import momo from "mtn-momo";

const baseUrl = process.env.FLORIN_TEST_URL;
assert.ok(baseUrl, "FLORIN_TEST_URL names the server; use scripts/test-momo");

const keys = {
  collection: "c0111ec7".repeat(4),
  disbursement: "d15b0125".repeat(4),
};
const documented = JSON.parse(readFileSync(new URL("../spec/momo/endpoints.json", import.meta.url))).sandbox;
const { create, PayerType, Status } = momo;
const party = partyId => ({ partyIdType: PayerType.MSISDN, partyId });
const order = (payer, more = {}) => ({
  amount: "12.50", currency: "EUR", externalId: "order-1", payer, payerMessage: "Please", payeeNote: "Thanks", ...more,
});

// Patience for a process, not for a time: what is waited for comes, or the test fails for another reason.
const PATIENCE_MS = 60_000;
async function until(what, check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    assert.ok(Date.now() < end, `${what} does not come`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

// The client answers a failed transaction with an error that carries it.
const ask = (client, reference) => client.getTransaction(reference).catch(error => {
  if (error.transaction) return error.transaction;
  throw error;
});
const settled = (client, reference) => until(reference, async () => {
  const transaction = await ask(client, reference);
  return transaction.status === Status.PENDING ? undefined : transaction;
});
const sandbox = async (path, body) => {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${baseUrl}/sandbox/momo/${path}`, options);
  assert.equal(answer.status, 200, path);
  return answer.json();
};

let global, collections, disbursements, user, receiver;
const received = [];

before(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", chunk => { body += chunk; });
    request.on("end", () => {
      received.push({ method: request.method, url: request.url, type: request.headers["content-type"], body });
      response.end();
    });
  });
  await new Promise(resolve => receiver.listen(0, "127.0.0.1", resolve));
  global = create({ callbackHost: "127.0.0.1", baseUrl });
  const users = global.Users({ primaryKey: keys.collection });
  const userId = await users.create("127.0.0.1");
  const { apiKey } = await users.login(userId);
  assert.match(apiKey, /^[0-9a-f]{32}$/);
  user = { userId, userSecret: apiKey };
  collections = global.Collections({ ...user, primaryKey: keys.collection });
  disbursements = global.Disbursements({ ...user, primaryKey: keys.disbursement });
});

after(() => receiver.close());

const callbackUrl = path => `http://127.0.0.1:${receiver.address().port}${path}`;
const callback = path => until(`the callback ${path}`, () => received.find(one => one.url === path));

test("a request to pay is pending, then paid, and moves the balance", async () => {
  const before = await collections.getBalance();
  assert.equal(before.currency, "EUR");
  assert.ok(Number(before.availableBalance) >= 1000);
  const reference = await collections.requestToPay({ ...order(party("256770000001")), callbackUrl: callbackUrl("/paid") });
  assert.equal((await collections.getTransaction(reference)).externalId, "order-1");
  const paid = await settled(collections, reference);
  assert.equal(paid.status, Status.SUCCESSFUL);
  assert.equal(paid.amount, "12.5");
  assert.match(paid.financialTransactionId, /^[0-9]+$/);
  assert.equal((await collections.getBalance()).availableBalance, String(Number(before.availableBalance) + 12.5));
  const told = await callback("/paid");
  assert.equal(told.method, "PUT");
  assert.match(told.type, /^application\/json/);
  assert.deepEqual(JSON.parse(told.body), paid, "the callback says what GET says");
});

test("each test number has its documented outcome", async () => {
  const numbers = Object.entries(documented.request_to_pay.values);
  assert.equal(numbers.length, 14);
  const asked = await Promise.all(numbers.map(async ([number, outcome]) => {
    const reference = await collections.requestToPay(order(party(number)));
    return { number, outcome, reference };
  }));
  for (const { number, outcome, reference } of asked.filter(one => one.outcome.status === "FAILED")) {
    const failed = await settled(collections, reference);
    assert.deepEqual([failed.status, failed.reason], [Status.FAILED, outcome.reason], number);
  }
  const [stays, late] = ["46733123453", "46733123454"].map(number => asked.find(one => one.number === number));
  for (const open of [stays, late]) assert.equal((await ask(collections, open.reference)).status, Status.PENDING);
  await sandbox("clock", { advanceSeconds: 30 });
  assert.equal((await settled(collections, late.reference)).status, Status.SUCCESSFUL);
  assert.equal((await ask(collections, stays.reference)).status, Status.PENDING);
  await sandbox("clock", { advanceSeconds: 300 });
  assert.equal((await settled(collections, stays.reference)).reason, "COULD_NOT_PERFORM_TRANSACTION");
});

test("each test number of transfers has its own", async () => {
  const failing = Object.entries(documented.transfer.values).filter(([, outcome]) => outcome.status === "FAILED");
  await Promise.all(failing.map(async ([number, outcome]) => {
    const transfer = { ...order(undefined), payee: party(number) };
    delete transfer.payer;
    const failed = await settled(disbursements, await disbursements.transfer(transfer));
    assert.deepEqual([failed.status, failed.reason], [Status.FAILED, outcome.reason], number);
  }));
});

test("a transfer is paid once, and its reference cannot be used again", async () => {
  const before = Number((await disbursements.getBalance()).availableBalance);
  const referenceId = randomUUID();
  const transfer = { ...order(undefined), payee: party("256770000002"), referenceId };
  delete transfer.payer;
  assert.equal(await disbursements.transfer({ ...transfer, callbackUrl: callbackUrl("/sent") }), referenceId);
  await assert.rejects(disbursements.transfer(transfer), { name: "ResourceAlreadyExistError" });
  const sent = await settled(disbursements, referenceId);
  assert.equal(sent.status, Status.SUCCESSFUL);
  assert.equal((await callback("/sent")).method, "PUT");
  assert.equal(Number((await disbursements.getBalance()).availableBalance), before - 12.5);
});

test("a callback to another host is refused, and nothing is made", async () => {
  const referenceId = randomUUID();
  const transfer = { ...order(undefined), payee: party("256770000002"), referenceId };
  delete transfer.payer;
  await assert.rejects(disbursements.transfer({ ...transfer, callbackUrl: "http://elsewhere.example/" }),
    { name: "InvalidCallbackUrlHostError" });
  await assert.rejects(disbursements.getTransaction(referenceId), { name: "ResourceNotFoundError" });
});

test("an unknown reference is told as such", async () => {
  await assert.rejects(collections.getTransaction(randomUUID()), { name: "ResourceNotFoundError" });
  await assert.rejects(disbursements.getTransaction(randomUUID()), { name: "ResourceNotFoundError" });
});

test("wrong keys open nothing", async () => {
  const status = async client => (await client.getBalance().then(() => undefined, error => error)).message;
  assert.match(await status(global.Collections({ ...user, primaryKey: "0".repeat(32) })), /subscription key/);
  assert.match(await status(global.Collections({ ...user, primaryKey: keys.disbursement })), /subscription key/);
  const wrong = global.Collections({ ...user, userSecret: "0".repeat(32), primaryKey: keys.collection });
  await assert.rejects(wrong.getBalance());
  await assert.rejects(global.Users({ primaryKey: "0".repeat(32) }).create("127.0.0.1"), /subscription key/);
});

test("account holders are active or not", async () => {
  assert.deepEqual(await collections.isPayerActive("256770000001"), { result: true });
  assert.deepEqual(await collections.isPayerActive("46733123451"), { result: false });
  await assert.rejects(collections.isPayerActive("46733123450"), { name: "ResourceNotFoundError" });
  await assert.rejects(collections.isPayerActive("46733123455"), { name: "ServiceUnavailableError" });
});

test("each callback came once", async () => {
  for (const path of ["/paid", "/sent"]) assert.equal(received.filter(one => one.url === path).length, 1, path);
});
