// A call that BPF LSM has refused is held against its rule: on what it would have been.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ModuleSet, type SetMatch } from '../../../host/engine/modules/module-set.ts';
import type { EventRecord } from '../../../host/fields/record.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { ENFORCED } from '../../../host/schema/enforced.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { moduleOf } from '../../support/records/built-agent.ts';
import { CONTEXT } from '../../support/records/fields.ts';
import { text } from '../../support/records/records.ts';

const OPEN = 'evt.type in (open, openat) and fd.num >= 0';
const EXEC = 'evt.type = execve and evt.failed = false';
const CONDITIONS = [
  `${OPEN} and evt.is_open_read = true and fd.name = /secret`,
  `${OPEN} and fd.name = /other`,
  `${OPEN} and fd.name startswith /new and evt.is_open_create = true`,
  `${OPEN} and fd.name = /secret and proc.name = reader`,
  `${EXEC} and proc.exepath = /bin/evil and proc.name = link`,
  `${EXEC} and proc.exepath = /bin/evil and proc.name = reader`,
  `${EXEC} and proc.exepath = /bin/evil and container.id = host`,
  `${OPEN} and fd.name = /secret`,
];
const RULES = CONDITIONS.map(
  (condition, index) => `
- rule: Rule ${index}
  desc: d
  condition: ${condition}
  output: o
  priority: CRITICAL
`,
).join('');

const { verified } = await moduleOf(RULES);
const built = new BuilderCapture();
after(() => built[Symbol.dispose]());
let matches: SetMatch[] = [];
beforeEach(() => {
  matches = [];
});
const set = new ModuleSet(
  {
    generation: 0,
    eventTypes: ['open', 'openat', 'execve'],
    modules: [
      {
        name: 'module',
        verified,
        rules: CONDITIONS.map(() => ({ fields: [], readsContainers: false, readsPods: false, eventTypes: [] })),
      },
    ],
    // One clause for each rule.
    enforcement: {
      bytes: new Uint8Array(),
      rules: new BigUint64Array(),
      serial: 0,
      clauses: CONDITIONS.map((name, rule) => ({ name, module: 0, rule })),
      never: { namespaces: [], labels: [], podUid: '' },
    },
  },
  0,
  {
    sandbox: built.open.memory,
    memory: built.memory,
    context: CONTEXT,
    ruleMatching: 'all',
    capture: built.capture,
    onMatch: (match) => matches.push(match),
    onFailure: (_set, _module, { reason }) => assert.fail(reason),
  },
);
built.capture.start(['open', 'openat', 'execve']);
const image = built.image('EXEC', { pid: 7, comm_bytes: 'reader', executable: '/bin/reader', cwd: '/', cgroup: '/' });

function words(...list: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * list.length);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of list.entries()) view.setBigUint64(8 * index, word, true);
  return bytes;
}

/** Evaluates the one event, and gives the matches. */
function evaluate(type: string, input: StructInput): { readonly event: EventRecord; readonly found: string[] } {
  const event = built.one(type, { image, result: -1n, fd: -1, time: 1n, ...input });
  const images = new Uint32Array(16);
  const count = built.capture.takeImages(images);
  for (const address of images.subarray(0, count)) set.describe(address, built.capture);
  set.evaluate(Uint32Array.of(event.address, event.address + event.number('size')), 1);
  return { event, found: matches.map(({ rule, supposed }) => `${rule} ${supposed}`) };
}

/** An open that was refused by these rules; their clauses are the first string, so that they lie behind the fixed part. */
function opened(rules: readonly number[], path: string, outcome: number = ENFORCED.LSM_REFUSED, flags = 0) {
  const met = rules.reduce((sum, rule) => sum | (1n << BigInt(rule)), 0n);
  return evaluate('openat', {
    directory: words(met),
    raw: path,
    resolved: path,
    open_flags: flags,
    kind: 'f'.charCodeAt(0),
    reserved: outcome,
  });
}

/** The same of an exec. */
function run(rules: readonly number[], executable: string, name: string, fits = true) {
  const met = rules.reduce((sum, rule) => sum | (1n << BigInt(rule)), 0n);
  const raw = '/links/link';
  const at = EVENT_STRUCTS.exec.size + 24 + raw.length;
  const reference = (offset: number, length: number): bigint => BigInt(offset) | (BigInt(length) << 32n);
  return evaluate('execve', {
    directory: words(met, fits ? reference(at, executable.length) : 0n, reference(at + executable.length, name.length)),
    raw,
    name: `${executable}${name}`,
    reserved: ENFORCED.LSM_REFUSED,
  });
}

test('an open is evaluated as one that succeeds, by the rules that it was refused for and no others', () => {
  const { event, found } = opened([0, 1, 3], '/secret');
  assert.deepEqual(found, ['0 matches', '1 differs', '3 matches']);
  // The record itself stays that of a failure.
  assert.equal(event.result, -1n);
  assert.equal(event.number('fd'), -1);
});

test('every name of the file counts', () => {
  const { found } = evaluate('openat', {
    directory: words(0b11n),
    raw: '/to-secret',
    resolved: '/elsewhere/secret',
    elsewhere: '/secret',
    open_flags: 0,
    kind: 'f'.charCodeAt(0),
    reserved: ENFORCED.LSM_REFUSED,
  });
  assert.deepEqual(found, ['0 matches', '1 differs']);
});

test('an open that has made its file is one that did', () => {
  assert.deepEqual(opened([2], '/new', ENFORCED.LSM_REFUSED_LATE, 2 | 64).found, ['2 matches']);
  matches = [];
  assert.deepEqual(opened([2], '/new', ENFORCED.LSM_REFUSED, 2 | 64).found, ['2 differs']);
});

test('an exec is evaluated with the program that it would have run', () => {
  assert.deepEqual(run([4, 5, 6], '/bin/evil', '/links/link').found, ['4 matches', '5 differs', '6 matches']);
  matches = [];
  assert.deepEqual(run([4, 6], '/bin/good', '/links/link').found, ['4 differs', '6 differs']);
  // The process is what it was.
  const own = built.imageById(image);
  assert.equal(text(own, 'executable'), '/bin/reader');
});

test('where the program is not known, or its place is outside the record, the rule is not evaluated', () => {
  assert.deepEqual(run([4], '/bin/evil', '/links/link', false).found, ['4 unknown']);
  matches = [];
  const record = { raw: '/links/link', name: '/bin/evil', reserved: ENFORCED.LSM_REFUSED };
  const outside = [words(16n, 0xffff_ffff_0000_00f0n, 1n << 40n), words(16n, 8n | (4n << 32n), 8n | (4n << 32n))];
  for (const directory of outside) {
    matches = [];
    assert.deepEqual(evaluate('execve', { directory, ...record }).found, ['4 unknown']);
  }
  matches = [];
  assert.deepEqual(evaluate('execve', { reserved: ENFORCED.LSM_REFUSED, directory: words(16n) }).found, ['4 unknown']);
});

test('an event of no batch is not evaluated: it was when it came', () => {
  assert.equal(built.capture.supposeRefused(64), undefined);
  const { event } = opened([0], '/secret');
  built.capture.release();
  assert.equal(built.capture.supposeRefused(event.address), undefined);
});
