// The credential oracle: reads one JSON request from standard input and writes
// one JSON answer, with @digitalbazaar/vc, its four cryptosuites and its Bitstring
// Status List as Digital Bazaar ships them.
//
// Requests: {op, contexts: {url: document}, ...}
//   issue               {seed, credential}         -> {credential}
//   present             {seed, presentation, challenge, domain} -> {presentation}
//   issueWithNewKey     {curve, cryptosuite, credential} -> {credential}, whose
//                       issuer is the did:key of that key
//   verify              {credential, now, lists}   -> {verified, error}
//   verifyPresentation  {presentation, challenge, domain, now} -> {verified, error}
//   each                {requests}                  -> {answers}, one for each
// Keys are did:key; seeds are 32 bytes in base64. lists are the status list
// credentials by URL: with them, the status is looked up.
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {readFileSync} from 'node:fs';

const suites = {
  'eddsa-rdfc-2022': {sign: () => cryptosuite, verify: () => cryptosuite},
  'ecdsa-rdfc-2019': {sign: () => ecdsaRdfc, verify: () => ecdsaRdfc},
  'eddsa-jcs-2022': {sign: eddsaJcs.createSignCryptosuite, verify: eddsaJcs.createVerifyCryptosuite},
  'ecdsa-jcs-2019': {sign: ecdsaJcs.createSignCryptosuite, verify: ecdsaJcs.createVerifyCryptosuite}
};

const request = JSON.parse(readFileSync(0, 'utf8'));

// The document of a did:key with one Ed25519 key, written by hand so that this
// oracle shares no code with ours.
function didDocument(did) {
  const multibase = did.slice('did:key:'.length);
  const method = {
    '@context': 'https://w3id.org/security/multikey/v1',
    id: `${did}#${multibase}`,
    type: 'Multikey',
    controller: did,
    publicKeyMultibase: multibase
  };
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [method],
    authentication: [method.id],
    assertionMethod: [method.id]
  };
}

async function documentLoader(url) {
  const found = document => ({contextUrl: null, documentUrl: url, document});
  if(request.lists?.[url]) {
    return found(request.lists[url]);
  }
  if(request.contexts[url]) {
    return found(request.contexts[url]);
  }
  if(url.startsWith('did:key:')) {
    const [did, fragment] = url.split('#');
    const document = didDocument(did);
    return found(fragment ? document.verificationMethod[0] : document);
  }
  throw new Error(`not in the table: ${url}`);
}

async function keyPair(seed) {
  const pair = await Ed25519Multikey.generate({seed: Buffer.from(seed, 'base64')});
  const did = `did:key:${pair.publicKeyMultibase}`;
  pair.id = `${did}#${pair.publicKeyMultibase}`;
  pair.controller = did;
  return pair;
}

async function suiteFor(seed, date) {
  const pair = await keyPair(seed);
  return new DataIntegrityProof({signer: pair.signer(), cryptosuite, date});
}

function outcome(result) {
  const errors = [result.error, ...(result.error?.errors || [])].filter(Boolean);
  return {verified: result.verified, error: errors.map(String).join('; ')};
}

const operations = {
  async issue({seed, credential, date}) {
    const suite = await suiteFor(seed, date);
    return {credential: await vc.issue({credential, suite, documentLoader, now: new Date(date)})};
  },
  async present({seed, presentation, challenge, domain, date}) {
    const suite = await suiteFor(seed, date);
    return {presentation: await vc.signPresentation({presentation, suite, challenge, domain, documentLoader})};
  },
  async issueWithNewKey({curve, cryptosuite, credential, date}) {
    const pair = curve === 'Ed25519' ? await Ed25519Multikey.generate() : await EcdsaMultikey.generate({curve});
    const {publicKeyMultibase} = await pair.export({publicKey: true});
    credential.issuer = pair.controller = `did:key:${publicKeyMultibase}`;
    pair.id = `${pair.controller}#${publicKeyMultibase}`;
    const suite = new DataIntegrityProof({signer: pair.signer(), cryptosuite: suites[cryptosuite].sign(), date});
    return {credential: await vc.issue({credential, suite, documentLoader, now: new Date(date)})};
  },
  async verify({credential, now, lists}) {
    const suite = new DataIntegrityProof({cryptosuite: suites[credential.proof.cryptosuite].verify()});
    // A list is verified at this machine's time: the library takes no other.
    const lookUp = async options => {
      if(!lists) {
        return {verified: true};
      }
      const found = await checkStatus({...options, suite: new DataIntegrityProof({cryptosuite})});
      return {...found, verified: found.verified && found.results.every(r => !r.status)};
    };
    return outcome(await vc.verifyCredential({credential, suite, documentLoader, now: new Date(now), checkStatus: lookUp}));
  },
  async verifyPresentation({presentation, challenge, domain, now}) {
    const suite = new DataIntegrityProof({cryptosuite});
    return outcome(await vc.verify({
      presentation, suite, challenge, domain, documentLoader, now: new Date(now),
      checkStatus: async () => ({verified: true})
    }));
  }
};

async function each({requests}) {
  const answers = [];
  for(const one of requests) {
    answers.push(await operations[one.op](one));
  }
  return {answers};
}

const answer = await (request.op === 'each' ? each : operations[request.op])(request);
process.stdout.write(JSON.stringify(answer));
