// The oracle of Norwegian identity numbers: reads one JSON request from
// standard input and writes one JSON answer, with NAV's validator as it is
// shipped. It takes real and synthetic numbers alike, under the rule from 2032.
//
// Requests:
//   check  {numbers: [text]}  -> {results: [{status, type, reasons}]}
import {idnr} from '@navikt/fnrvalidator';
import {readFileSync} from 'node:fs';

const {numbers} = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify({results: numbers.map(number => idnr(number))}));
