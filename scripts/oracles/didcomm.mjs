// Packs and unpacks DIDComm v2 envelopes with didcomm-node, and resolves
// did:key and did:peer:2 as their specifications say, so that our Go code can
// be compared with somebody else's.
//
// Standard input is a JSON list of requests, standard output the list of
// answers in the same order:
//
//   {op: "pack", message, from, to, enc, protect}  -> {envelope}
//   {op: "unpack", envelope}                       -> {message, metadata}
//   {op: "resolve", did}                           -> {document}
//
// Every request may carry secrets: [{id, jwk}]. A request that fails is
// answered by {error}.
import {ECDH} from 'node:crypto';
import {readFileSync} from 'node:fs';
import * as base58 from 'base58-universal';
import didcomm from 'didcomm-node';

const {Message} = didcomm;

const answers = [];
for (const request of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    answers.push(await answer(request));
  } catch (error) {
    answers.push({error: String(error?.message ?? error)});
  }
}
process.stdout.write(JSON.stringify(answers));

async function answer(request) {
  const resolver = {resolve: async did => resolve(did)};
  const secrets = secretsOf(request.secrets ?? []);
  switch (request.op) {
    case 'pack': {
      const message = new Message(request.message);
      const [envelope] = await message.pack_encrypted(request.to, request.from ?? null, null, resolver, secrets, {
        forward: false,
        protect_sender: request.protect ?? false,
        enc_alg_anon: request.enc ?? 'Xc20pEcdhEsA256kw',
      });
      return {envelope};
    }
    case 'unpack': {
      const [message, metadata] = await Message.unpack(request.envelope, resolver, secrets, {});
      return {message: message.as_value(), metadata};
    }
    case 'resolve':
      return {document: resolve(request.did)};
  }
  throw new Error('unknown op');
}

function secretsOf(list) {
  const byId = new Map(list.map(({id, jwk}) => [id, {id, type: 'JsonWebKey2020', privateKeyJwk: jwk}]));
  return {
    get_secret: async id => byId.get(id) ?? null,
    find_secrets: async ids => ids.filter(id => byId.has(id)),
  };
}

function resolve(did) {
  if (did.startsWith('did:key:')) {
    return resolveKey(did);
  }
  if (did.startsWith('did:peer:2')) {
    return resolvePeer(did);
  }
  return null;
}

function resolveKey(did) {
  const multibase = did.slice('did:key:'.length);
  const method = methodOf(`${did}#${multibase}`, did, multibase);
  const agrees = method.publicKeyJwk.crv !== 'Ed25519';
  const signs = method.publicKeyJwk.crv !== 'X25519';
  return {
    id: did,
    verificationMethod: [method],
    authentication: signs ? [method.id] : [],
    keyAgreement: agrees ? [method.id] : [],
    service: [],
  };
}

function resolvePeer(did) {
  const document = {id: did, verificationMethod: [], authentication: [], keyAgreement: [], service: []};
  const relationships = {V: document.authentication, E: document.keyAgreement};
  for (const element of did.slice('did:peer:2.'.length).split('.')) {
    const [code, value] = [element[0], element.slice(1)];
    if (code === 'S') {
      document.service.push(serviceOf(did, document.service.length, value));
      continue;
    }
    const id = `${did}#key-${document.verificationMethod.length + 1}`;
    document.verificationMethod.push(methodOf(id, did, value));
    relationships[code]?.push(id);
  }
  return document;
}

function serviceOf(did, count, value) {
  const {t, s} = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
  return {
    id: `${did}#${count ? `service-${count}` : 'service'}`,
    type: t === 'dm' ? 'DIDCommMessaging' : t,
    serviceEndpoint: {uri: s.uri, accept: s.a ?? [], routing_keys: s.r ?? []},
  };
}

function methodOf(id, controller, multibase) {
  return {id, type: 'JsonWebKey2020', controller, publicKeyJwk: jwkOf(multibase)};
}

function jwkOf(multibase) {
  const bytes = Buffer.from(base58.decode(multibase.slice(1)));
  const key = bytes.subarray(2);
  switch (bytes.readUInt16BE(0)) {
    case 0xed01:
      return {kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url')};
    case 0xec01:
      return {kty: 'OKP', crv: 'X25519', x: key.toString('base64url')};
    case 0x8024:
      return pointOf(key, 'prime256v1', 'P-256');
    case 0x8124:
      return pointOf(key, 'secp384r1', 'P-384');
  }
  throw new Error(`unknown multicodec in ${multibase}`);
}

function pointOf(compressed, name, crv) {
  const point = ECDH.convertKey(compressed, name, undefined, 'buffer', 'uncompressed');
  const size = (point.length - 1) / 2;
  return {
    kty: 'EC',
    crv,
    x: point.subarray(1, 1 + size).toString('base64url'),
    y: point.subarray(1 + size).toString('base64url'),
  };
}
