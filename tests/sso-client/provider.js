// A provider of OpenID Connect that lets in whoever `/next` says: it stands in for Google. Prints its address.
import { createServer } from 'node:http';
import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

const { publicKey, privateKey } = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
const codes = new Map();
let next = { sub: 'nobody', email: 'nobody@example.com', email_verified: true };

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const json = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const body = async () => { let text = ''; for await (const part of request) text += part; return text; };
  if (url.pathname === '/.well-known/openid-configuration') {
    return json(200, {
      issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`,
      code_challenge_methods_supported: ['S256'],
    });
  }
  if (url.pathname === '/keys') return json(200, { keys: [jwk] });
  if (url.pathname === '/next') { next = JSON.parse(await body()); return json(200, {}); }
  if (url.pathname === '/authorize') {
    const code = randomUUID();
    codes.set(code, { asked: Object.fromEntries(url.searchParams), next });
    const back = new URL(url.searchParams.get('redirect_uri'));
    back.searchParams.set('code', code);
    back.searchParams.set('state', url.searchParams.get('state'));
    return response.writeHead(302, { location: back.href }).end();
  }
  if (url.pathname === '/token') {
    const form = new URLSearchParams(await body());
    const { asked, next: person } = codes.get(form.get('code')) ?? {};
    codes.delete(form.get('code'));
    const basic = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const proven = asked && createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') === asked.code_challenge;
    if (!proven || basic !== 'our-id:our-secret') return json(400, { error: 'invalid_grant' });
    const { nonce, audience, ...claims } = person;
    const id_token = await new SignJWT({ nonce: nonce ?? asked.nonce, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(issuer).setAudience(audience ?? 'our-id').setIssuedAt().setExpirationTime('5m').sign(privateKey);
    return json(200, { access_token: randomUUID(), token_type: 'Bearer', id_token });
  }
  return json(404, {});
});
server.listen(0, '127.0.0.1');
await new Promise((ready) => server.once('listening', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);
// It ends with whoever started it.
process.stdin.resume().on('end', () => process.exit(0));
