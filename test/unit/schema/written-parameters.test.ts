// The parameters of an event type are written by its BPF program: a type without a case of its own there gets the default's zeros.
//
// Decided from the sources, where a function has a case for each type: `path_arguments()` returns the arguments of the call, and
// `write_path()` puts them into the record. What is written for all types of a shape, or by conditions, is not looked at.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EventShape } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES, type EventType, findEventType } from '../../../host/schema/events/index.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';

/** What a case gives values to: fields of the arguments, or members of the record. */
type Given = ReadonlySet<string>;

interface Cases {
  readonly of: ReadonlyMap<string, Given>;
  readonly otherwise: Given;
  /** The types that the default is for, if its comment names them. */
  readonly meant: readonly string[] | undefined;
}

interface Program {
  /** File and function, for messages. */
  readonly place: string;
  readonly cases: Cases;
  /** What a case must give a value to for a member of the record. Members that are missing here are not decided. */
  readonly needed: ReadonlyMap<string, readonly string[]>;
}

/** The text of a function, or of a struct. */
function bodyOf(source: string, head: RegExp): string {
  const from = source.search(head);
  assert.ok(from >= 0, `${head} is not there any more: this test must follow`);
  return source.slice(from, source.indexOf('\n}', from));
}

function functionOf(source: string, name: string): string {
  return bodyOf(source, new RegExp(`^inline_always [^;{]*\\b${name}\\([^;{]*\\{`, 'm'));
}

/** A list in C without the commas within brackets of any kind. */
function itemsOf(list: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let item = '';
  for (const character of list) {
    if ('({['.includes(character)) depth++;
    if (')}]'.includes(character)) depth--;
    if (character === ',' && depth === 0) {
      items.push(item.trim());
      item = '';
    } else item += character;
  }
  return [...items, item.trim()];
}

/** @param givenBy what the text of a case gives values to */
function casesOf(body: string, givenBy: (text: string) => Given): Cases {
  const of = new Map<string, Given>();
  let otherwise: Given = new Set();
  let meant: readonly string[] | undefined;
  const groups = body.matchAll(
    /((?:^ +(?:case EVENT_\w+|default):.*\n)+)((?:(?! +(?:case EVENT_\w+|default):).*\n?)*)/gm,
  );
  for (const [, labels = '', text = ''] of groups) {
    const given = givenBy(text);
    for (const [, name = ''] of labels.matchAll(/case EVENT_(\w+):/g)) of.set(name.toLowerCase(), given);
    if (!labels.includes('default:')) continue;
    otherwise = given;
    const words = /default: \/\* (.*?) \*\//.exec(labels)?.[1]?.split(', ') ?? [];
    if (words.length > 0 && words.every((word) => findEventType(word) !== undefined)) meant = words;
  }
  assert.ok(of.size > 0);
  return { of, otherwise, meant };
}

/** Fields that an initializer gives a value that is not that of a missing argument. */
function initialized(text: string, fields: readonly string[]): Given {
  const [, list = ''] = /return \(struct \w+\)\{(.*)\};/s.exec(text) ?? [];
  const given = new Set<string>();
  for (const [index, item] of itemsOf(list).entries()) {
    const [, name = fields[index] ?? '', value = item] = /^\.(\w+) = (.*)$/s.exec(item) ?? [];
    if (value.startsWith('{')) {
      for (const at of itemsOf(value.slice(1, -1)).keys()) given.add(`${name}[${at}]`);
    } else if (!/^(?:0|-1|AT_FDCWD)?$/.test(value)) given.add(name);
  }
  return given;
}

/** A program with a function that returns a call's arguments, and one that writes them. */
function byArguments(file: string, kind: string, write: string): Program {
  const source = readFileSync(join(PROJECT, 'native/bpf', file), 'utf8');
  const struct = bodyOf(source, new RegExp(`^struct ${kind}_arguments \\{`, 'm'));
  const fields = [...struct.matchAll(/^ {2}\w+ (\w+)(?:\[\d+\])?;/gm)].map(([, name = '']) => name);
  const needed = new Map<string, readonly string[]>();
  const lines = functionOf(source, write).matchAll(/event->(?:header\.)?(\w+(?:\[\d\])?) = ([^;]*);/g);
  for (const [, member = '', value = ''] of lines) {
    // A text needs its address alone. A kernel's path is there by conditions.
    const [, text] = /append_text\(record, call, arguments\.(\w+)/.exec(value) ?? [];
    const named = [...value.matchAll(/arguments\.(\w+(?:\[\d\])?)/g)].map(([, name = '']) => name);
    const used = text !== undefined ? [text] : value.includes('append_') ? [] : named;
    if (used.length > 0) needed.set(member, used);
  }
  const cases = casesOf(functionOf(source, `${kind}_arguments`), (case_) => initialized(case_, fields));
  return { place: `${kind}_arguments() in native/bpf/${file}`, cases, needed };
}

/** A program with a function that writes members in a case for each type, some by the function `helper`. */
function byAssignments(file: string, name: string, helper?: string): Program {
  const source = readFileSync(join(PROJECT, 'native/bpf', file), 'utf8');
  const membersOf = (text: string): readonly string[] =>
    [...text.matchAll(/(?:event->(\w+(?:\[\d\])?)|^ +(text)) = /gm)].map(([, member, text]) => member ?? text ?? '');
  const body = functionOf(source, name);
  const helped = helper === undefined ? [] : membersOf(functionOf(source, helper));
  const cases = casesOf(
    body,
    (text) => new Set([...membersOf(text), ...(helper !== undefined && text.includes(`${helper}(`) ? helped : [])]),
  );
  const members = new Set([...cases.of.values()].flatMap((given) => [...given]));
  return {
    place: `${name}() in native/bpf/${file}`,
    cases,
    needed: new Map([...members].map((member) => [member, [member]])),
  };
}

const PROGRAMS: Readonly<Partial<Record<EventShape, readonly Program[]>>> = {
  open: [byArguments('open.bpf.c', 'open', 'write_open')],
  path: [byArguments('path.bpf.c', 'path', 'write_path')],
  paths: [byArguments('paths.bpf.c', 'paths', 'write_paths')],
  descriptor: [byArguments('descriptor.bpf.c', 'descriptor', 'write_descriptor')],
  process: [byAssignments('process.bpf.c', 'write_process')],
  network: [
    byArguments('network.bpf.c', 'socket', 'write_socket'),
    byAssignments('network.bpf.c', 'fill_numbers', 'fill_queue'),
  ],
};

/** Those of other programs than that of the shape, messages, have all members of their records. */
const TYPES = EVENT_TYPES.filter(({ program }) => program === undefined);

/** The path is that of the file which the handle has opened. */
const WITHOUT_ITS_PATH = 'open_by_handle_at';

/** What is missing of a type's case; and how many parameters it has been looked at for. */
function look(
  { name, parameters }: EventType,
  { place, cases, needed }: Program,
): { missing: string[]; looked: number } {
  const given = cases.of.get(name);
  const label = `case EVENT_${name.toUpperCase()}`;
  const missing: string[] = [];
  let looked = 0;
  if (!given && cases.meant && !cases.meant.includes(name))
    missing.push(`${name} has no ${label} in ${place}; the default there is meant for ${cases.meant.join(', ')}`);
  for (const { name: parameter, member, passed } of parameters) {
    const fields = needed.get(passed ?? member ?? '');
    if (!fields || (name === WITHOUT_ITS_PATH && parameter === 'path')) continue;
    looked++;
    const lacks = fields.filter((field) => !(given ?? cases.otherwise).has(field));
    if (lacks.length === 0) continue;
    const which = given
      ? `${label} does not give ${lacks.join(', ')}`
      : `without a ${label} nothing gives ${lacks.join(', ')}`;
    missing.push(`the parameter ${parameter} of ${name} reads ${passed ?? member}, but ${which} (${place})`);
  }
  return { missing, looked };
}

for (const [shape, programs] of Object.entries(PROGRAMS)) {
  test(`each parameter of a call is written by its case: ${shape}`, () => {
    let looked = 0;
    const missing: string[] = [];
    for (const type of TYPES.filter((each) => each.shape === shape)) {
      for (const program of programs) {
        const found = look(type, program);
        looked += found.looked;
        missing.push(...found.missing);
      }
    }
    assert.ok(missing.length === 0, missing.join('\n'));
    assert.ok(looked > 5, `${looked}`);
  });
}
