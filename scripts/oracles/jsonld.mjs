// The canonicalisation oracle: reads one JSON request from standard input and
// writes one JSON answer, with jsonld and rdf-canonize as Digital Bazaar ships
// them, in safe mode, which refuses what would vanish on the way to RDF.
//
// Requests: {op, hash: 'SHA-256' or 'SHA-384', ...}
//   documents  {contexts: {url: document}, documents} -> {results: [..]}
//   datasets   {datasets: [nquads]}                   -> {results: [..]}
// A result is {nquads} or {error}. Contexts outside the table are never
// fetched: they are an error.
import jsonld from 'jsonld';
import * as rdfCanonize from 'rdf-canonize';
import {readFileSync} from 'node:fs';

const request = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  const document = request.contexts[url];
  if(!document) {
    throw new Error(`not in the table: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document, tag: 'static'};
}

const canonizeOptions = {
  algorithm: 'RDFC-1.0', messageDigestAlgorithm: request.hash, maxWorkFactor: 3
};

const operations = {
  async documents(document) {
    const dataset = await jsonld.toRDF(document, {
      base: null, safe: true, rdfDirection: 'i18n-datatype', documentLoader, produceGeneralizedRdf: false
    });
    return rdfCanonize.canonize(dataset, canonizeOptions);
  },
  async datasets(dataset) {
    return rdfCanonize.canonize(dataset, {...canonizeOptions, inputFormat: 'application/n-quads'});
  }
};

const results = [];
for(const input of request[request.op]) {
  try {
    results.push({nquads: await operations[request.op](input)});
  } catch(error) {
    results.push({error: `${error.details?.code || error.name}: ${error.message} ${error.details?.cause?.message || ''}`});
  }
}
process.stdout.write(JSON.stringify({results}));
