// Describes in words what the kernel can check of an event before a rule is evaluated.

import {
  type FilterClause,
  OPEN_COMBINATIONS,
  OPENED,
  type OpenFacts,
  openFacts,
  type PathNeed,
} from '../../schema/kernel-filter.ts';

/** Beginnings or endings of names that are written out at most. */
const MOST_NAMES = 6;

/** What the kernel filter needs of an event. Undefined if the kernel can't tell any event of these types from one that matches. */
export function filterNeed({ result, opens, sockets, path }: FilterClause): string | undefined {
  const needs = [
    ...(result === undefined ? [] : [result === 'succeeded' ? 'success' : 'failure']),
    ...(opens === undefined ? [] : openNeeds(opens)),
    ...(sockets === undefined ? [] : [`a socket of kind ${sockets.join(' or ')}`]),
    ...(path === undefined ? [] : [pathNeed(path)]),
  ];
  return needs.length > 0 ? needs.join('; ') : undefined;
}

/** Each fact that all calls that may match have in common. */
const COMMON: readonly (readonly [text: string, holds: (facts: OpenFacts) => boolean])[] = [
  ['a file opened for reading', ({ access }) => access === 0 || access === 2],
  ['a file opened for writing', ({ access }) => access === 1 || access === 2],
  ['a file that the call made', ({ created }) => created],
  ['O_CREAT', ({ create }) => create],
  ['O_TRUNC', ({ truncate }) => truncate],
  ['a directory', ({ opened }) => opened === OPENED.directory],
  ['no directory', ({ opened }) => opened === OPENED.file],
];

function openNeeds(opens: string): string[] {
  const bits = BigInt(`0x${opens}`);
  const possible = Array.from({ length: OPEN_COMBINATIONS }, (_, index) => index)
    .filter((index) => (bits >> BigInt(index)) & 1n)
    .map(openFacts);
  const common = COMMON.filter(([, holds]) => possible.every(holds)).map(([text]) => text);
  return common.length > 0 ? common : [`one of ${possible.length} of ${OPEN_COMBINATIONS} ways to open a file`];
}

function pathNeed({ beginnings, endings, topLevel }: PathNeed): string {
  const ways = [
    ...(beginnings.length > 0 ? [`a name that begins with ${listed(beginnings)}`] : []),
    ...(endings.length > 0 ? [`a name that ends with ${listed(endings)}`] : []),
    ...(topLevel ? ['a file right below /'] : []),
  ];
  return ways.join(', or ');
}

/** Names are bytes, as characters 0 to 255. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => Buffer.from(name, 'latin1').toString('utf8'));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} or ${more} more` : shown.join(' or ');
}
