// The JOSE oracle: reads one JSON request from standard input and writes one
// JSON answer, with jose as it is shipped.
//
// Requests:
//   verify  {compact, jwk, typ}           -> {payload, header} or {error}
//   sign    {payload, alg, typ, cty}      -> {compact, did}, by a new key; its
//           did:jwk stands for %KEY% in the payload
import * as jose from 'jose';
import {readFileSync} from 'node:fs';

const request = JSON.parse(readFileSync(0, 'utf8'));

const operations = {
  async verify({compact, jwk, typ}) {
    try {
      const key = await jose.importJWK(jwk, jose.decodeProtectedHeader(compact).alg);
      const {payload, protectedHeader} = await jose.jwtVerify(compact, key, {typ, currentDate: new Date(request.now)});
      return {payload, header: protectedHeader};
    } catch(e) {
      return {error: String(e)};
    }
  },
  async sign({payload, alg, typ, cty}) {
    const {publicKey, privateKey} = await jose.generateKeyPair(alg, {extractable: true});
    const jwk = await jose.exportJWK(publicKey);
    const did = `did:jwk:${jose.base64url.encode(JSON.stringify(jwk))}`;
    const text = JSON.stringify(payload).replaceAll('%KEY%', did);
    const signer = new jose.CompactSign(new TextEncoder().encode(text));
    signer.setProtectedHeader({alg, typ, cty, kid: `${did}#0`});
    return {compact: await signer.sign(privateKey), did};
  }
};

const answer = await operations[request.op](request);
process.stdout.write(JSON.stringify(answer));
