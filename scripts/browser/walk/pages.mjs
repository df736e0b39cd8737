// Every page of every portal, from the tables in the services' own code, so that no
// page is forgotten: a new one that no walk looks at is a finding.
import {readdirSync, readFileSync} from 'node:fs';

const services = new URL('../../../services/', import.meta.url);

// What is no page to look at: files, parts that renew themselves, ways on to others.
const apart = /\.(csv|png|js|webmanifest)$|\/(live|report|template|export)$|\{file/;

// What no click leads to: members of a family are linked by a call alone, and the page of
// their decision has its test in Go.
const unreachable = new Set(['verifier /cases/{case}/family']);

// tables are the pages of a service by their addresses in words, such as /cases/{case}.
function tables(service) {
  const folder = new URL(`${service}/internal/web/`, services);
  const all = new Set();
  for (const name of readdirSync(folder)) {
    if (!/\.go$/.test(name) || /_(test|templ)\.go$/.test(name)) continue;
    for (const [, path] of readFileSync(new URL(name, folder), 'utf8').matchAll(/"GET (\/[^"]*)":\s+\{(?:Roles|Do)/g)) {
      if (!apart.test(path)) all.add(path.replace('{$}', ''));
    }
  }
  return all;
}

// forgotten are the pages that nobody has looked at; seen are "service path".
export function forgotten(seen) {
  const missing = [];
  for (const service of ['registry', 'issuer', 'wallet', 'verifier', 'police', 'tax', 'bank']) {
    const here = [...seen].filter(one => one.startsWith(service + ' ')).map(one => one.slice(service.length + 1));
    const pages = tables(service);
    if (!pages.size) throw new Error(`no page of ${service} was found in its code`);
    for (const path of pages) {
      const like = new RegExp('^' + path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]*\}/g, '[^/]+') + '$');
      if (!unreachable.has(`${service} ${path}`) && !here.some(one => like.test(one))) missing.push(`${service} ${path}`);
    }
  }
  return missing;
}
