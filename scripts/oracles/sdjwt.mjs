// The SD-JWT oracle: reads a JSON array of requests from standard input and
// writes the array of answers, with @sd-jwt/sd-jwt-vc as the OpenWallet
// Foundation ships it.
//
// Requests:
//   issue    {payload, frame, header, issuer}                  -> {token}
//   present  {token, frame, holder, aud, nonce, iat}           -> {token}
//   verify   {token, issuer, nonce, now, statusList}           -> {payload, kb, error}
// Keys are JWKs on Ed25519, P-256 or P-384, with d where they sign. A frame
// names what is selectively disclosable, or shown, as the package defines it. A
// token with status is checked against statusList, a signed Status List Token
// by the same issuer. now and iat are in seconds.
import {createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify} from 'node:crypto';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';
import {readFileSync} from 'node:fs';

const requests = JSON.parse(readFileSync(0, 'utf8'));

const algorithms = {
  Ed25519: {alg: 'EdDSA', hash: null},
  'P-256': {alg: 'ES256', hash: 'sha256'},
  'P-384': {alg: 'ES384', hash: 'sha384'}
};

function signer(jwk) {
  const key = createPrivateKey({key: jwk, format: 'jwk'});
  const {hash} = algorithms[jwk.crv];
  return data => sign(hash, Buffer.from(data), {key, dsaEncoding: 'ieee-p1363'}).toString('base64url');
}

function fits(jwk, data, signature) {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  const {hash} = algorithms[jwk.crv];
  return verify(hash, Buffer.from(data), {key, dsaEncoding: 'ieee-p1363'}, Buffer.from(signature, 'base64url'));
}

const common = {
  hasher: (data, alg) => createHash(alg.replace('-', '')).update(Buffer.from(data)).digest(),
  saltGenerator: length => randomBytes(length).toString('base64url')
};

const operations = {
  async issue({payload, frame, header, issuer}) {
    const instance = new SDJwtVcInstance({...common, signer: signer(issuer), signAlg: algorithms[issuer.crv].alg});
    return {token: await instance.issue(payload, frame, {header})};
  },
  async present({token, frame, holder, aud, nonce, iat}) {
    const instance = new SDJwtVcInstance({...common, kbSigner: signer(holder), kbSignAlg: algorithms[holder.crv].alg});
    return {token: await instance.present(token, frame, {kb: {payload: {aud, nonce, iat}}})};
  },
  async verify({token, issuer, nonce, now, statusList}) {
    const verifier = (data, signature) => fits(issuer, data, signature);
    const instance = new SDJwtVcInstance({
      ...common, verifier, statusVerifier: verifier, statusListFetcher: async () => statusList,
      kbVerifier: (data, signature, payload) => fits(payload.cnf.jwk, data, signature)
    });
    try {
      const {payload, kb} = await instance.verify(token, {keyBindingNonce: nonce || undefined, currentDate: now});
      return {payload, kb: kb?.payload};
    } catch(error) {
      return {error: String(error)};
    }
  }
};

const answers = [];
for(const request of requests) {
  answers.push(await operations[request.op](request));
}
process.stdout.write(JSON.stringify(answers));
