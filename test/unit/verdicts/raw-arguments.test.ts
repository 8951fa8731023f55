// evt.rawarg.NAME is of another type in each event: a verdict goes by that of the event, as the compiled module does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { IMAGE } from '../../../host/schema/image.ts';
import type { Member } from '../../../host/schema/layout.ts';
import { ModuleVerdicts } from '../../support/records/module-verdicts.ts';

/** Numbers of which some calls have another type than the first event in Falco's table. */
const NAMES = ['flags', 'fdlimit', 'aux', 'dev', 'mode', 'res'];
/** `dev` is a text of mount, and a number of others. */
const TEXTS = [
  ...[
    '= sda',
    '!= sda',
    'in (sda, 5)',
    'glob SH',
    'iglob s*',
    'contains a',
    'icontains A',
    'startswith s',
    'endswith a',
  ],
  ...['pmatch (/s)', 'regex .*', '= true'],
].map((comparison) => `evt.rawarg.dev ${comparison}`);
const CONDITIONS = NAMES.flatMap((name) =>
  [
    '= 5',
    '= -1',
    '= 05',
    '= 4294967295',
    '= 4294967301',
    '!= 65541',
    '!= 4294967301',
    '= oneof (-1, 5)',
    'in (0, 5)',
  ].map((comparison) => `evt.rawarg.${name} ${comparison}`),
).concat(TEXTS);
const NUMBERS = [0, 5, 65535, 0x7fffffff];

test('constants of evt.rawarg are numbers of the type that the parameter has on the event', async () => {
  const verdicts = await ModuleVerdicts.of(CONDITIONS);
  let matches = 0;
  for (const { name, parameters, shape } of EVENT_TYPES) {
    const members = parameters.flatMap(({ name: parameter, member = '' }) =>
      NAMES.includes(parameter) ? [member] : [],
    );
    const ofEvent = EVENT_STRUCTS[shape].members.filter(({ name: member }) => members.includes(member));
    const ofProcess = IMAGE.members.filter(({ name: member }) => members.includes(`image.${member}`));
    for (const number of NUMBERS) {
      const { module, page } = verdicts.on(name, filled(ofEvent, number), filled(ofProcess, number));
      assert.deepEqual(page, module, `${name} ${number}`);
      matches += Object.values(module).filter((verdict) => verdict === 'true').length;
    }
  }
  assert.ok(matches > 1000, `${matches} matches`);
});

function filled(members: readonly Member[], number: number): StructInput {
  const numbers = members.filter(({ type }) => type !== 'string');
  return Object.fromEntries(numbers.map(({ name, type }) => [name, type.endsWith('64') ? BigInt(number) : number]));
}
