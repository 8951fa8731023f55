// A capture that enforces clauses on real processes, and what a process would have written after its call.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { constants, cpus } from 'node:os';
import type { EnforcedAction } from '../../../host/capture/enforcement-means.ts';
import type { EnforcementRails } from '../../../host/capture/enforcement-rails.ts';
import { enforcementTables } from '../../../host/capture/enforcement-tables.ts';
import { openCapture } from '../../../host/capture/open.ts';
import { EventMemory } from '../../../host/fields/memory.ts';
import type { EventRecord } from '../../../host/fields/record.ts';
import { enforcedParts } from '../../../host/schema/enforced.ts';
import type { ExactClause } from '../../../host/schema/kernel-enforcement.ts';
import { directoryForTests } from '../directory.ts';
import { RAILS as TABLE_RAILS } from '../records/enforcement-rails.ts';
import { testHooks } from './hooks.ts';
import type { Container } from './live-container.ts';
import { AF_INET, SOCK_STREAM } from './live-numbers.ts';
import { polledEvents } from './polled-events.ts';

const IMAGES_AT_ONCE = 4096;

/** No process has it: the tests are not its children. */
const NO_AGENT = 4_194_303;
export const RAILS: EnforcementRails = {
  ...TABLE_RAILS,
  lackOfLsm: 'not used here',
  agentPid: NO_AGENT,
  perNode: { count: 10_000, milliseconds: 60_000 },
  perContainer: { count: 10_000, milliseconds: 60_000 },
};

/** An event of a call that was enforced. */
export interface Enforced {
  readonly type: string;
  /** Of ENFORCED. */
  readonly outcome: number;
  readonly result: bigint;
}

export const directory = directoryForTests();
export const MARKER = `${directory}/marker`;
let { capture, memory } = openCapture({ source: 'bpf', hooks: testHooks() });
let view = new EventMemory(memory.buffer);
let isClosed = false;

export { capture, memory, view };

/** Starts the capture. In a guest the files run in one process, one after the other: each gets another one. */
export function startCapture(eventTypes: readonly string[]): void {
  if (isClosed) {
    ({ capture, memory } = openCapture({ source: 'bpf', hooks: testHooks() }));
    view = new EventMemory(memory.buffer);
    isClosed = false;
  }
  capture.start(eventTypes);
}

export function closeCapture(): void {
  isClosed = true;
  capture.close();
}

let serial = 0;

const QUIET_MS = 50;
const NANOSECONDS = 1_000_000n;

/**
 * Reads all events so far, and calls back with each batch. On a busy machine more come all the time: those are left. A batch may be of one processor's
 * ring alone, so each has to be the first one that is read when all that were seen are read so far.
 */
export function takeBatches(take: (segments: Uint32Array, pairs: number) => void): void {
  const segments = new Uint32Array(64);
  const end = BigInt(Date.now() + QUIET_MS) * NANOSECONDS;
  const last = new Map<number, bigint>();
  for (let left = cpus().length; left > 0; ) {
    const pairs = capture.poll(segments, QUIET_MS);
    take(segments, pairs);
    for (const event of polledEvents(view, segments, pairs)) last.set(event.number('cpu'), event.big('time'));
    capture.release();
    if (pairs === 0) return;
    if ([...last.values()].every((time) => time >= end)) left--;
  }
}

/** The same for each event. */
export function takeEvents(take: (event: EventRecord) => void): void {
  takeBatches((segments, pairs) => {
    for (const event of polledEvents(view, segments, pairs)) take(event);
  });
}

/** Whether this process has started the one of the event, or is it. Others of the machine are looked at by the kernel too. */
function isOurs({ image }: EventRecord): boolean {
  const own = capture.thisThread();
  return !image || image.number('pid') === own || [...image.ancestors()].some((each) => each.number('pid') === own);
}

/** Reads all events so far; returns those that say what enforcement did to processes of the test, by time: each processor has its own ring. */
export function events(): Enforced[] {
  const found: (Enforced & { readonly time: bigint })[] = [];
  takeEvents((event) => {
    const { outcome } = enforcedParts(event.number('reserved'));
    if (outcome === 0 || !isOurs(event)) return;
    found.push({ time: event.big('time'), type: event.type.name, outcome, result: event.big('result') });
  });
  found.sort((one, other) => Number(one.time - other.time));
  return found.map(({ time: _, ...enforced }) => enforced);
}

/**
 * Makes all processes that are known so far candidates for the first rule, in place of its module; those that come later are not known.
 * @param word 0: they are none
 */
export function makeCandidates(word = 1n): void {
  events();
  const images = new Uint32Array(IMAGES_AT_ONCE);
  for (let count = IMAGES_AT_ONCE; count === IMAGES_AT_ONCE; ) {
    count = capture.takeImages(images);
    for (const image of images.subarray(0, count)) capture.setCandidates(image, new BigUint64Array([word]));
  }
}

/** Enforces these clauses from now on. */
export function enforce(
  clauses: readonly ExactClause[],
  action: EnforcedAction,
  rails: Partial<EnforcementRails> = {},
): void {
  enforceRules([[clauses, action]], rails);
}

/** The same for several rules. */
export function enforceRules(
  rules: readonly (readonly [clauses: readonly ExactClause[], action: EnforcedAction])[],
  rails: Partial<EnforcementRails> = {},
): void {
  serial = (serial + 1) % 64;
  const exact = rules.map(([clauses, action], rule) => ({ exact: { rule, clauses }, action }));
  const made = enforcementTables(exact, { ...RAILS, ...rails }, serial);
  assert.ok(made.ok);
  capture.prepareEnforcement(0, made.tables.bytes, made.tables.rules);
  assert.deepEqual(capture.enforce(0), []);
  events();
}

export function opening(...equal: string[]): ExactClause {
  return {
    types: ['open', 'openat', 'openat2', 'creat'],
    process: 'any',
    names: [{ of: 'path', equal, beginnings: [], endings: [] }],
  };
}

export function running(...equal: string[]): ExactClause {
  return { types: ['execve'], process: 'any', names: [{ of: 'executable', equal, beginnings: [], endings: [] }] };
}

export function reaching(port: number): ExactClause {
  return { types: ['connect', 'sendto', 'sendmsg'], process: 'any', peers: [{ ports: [{ from: port, to: port }] }] };
}

/** What became of a program that writes the marker when it gets so far. */
export interface Ended {
  readonly marker: boolean;
  readonly signal: string | null;
}

export const STOPPED: Ended = { marker: false, signal: 'SIGKILL' };
export const RUNS_ON: Ended = { marker: true, signal: null };

export function run(program: string, ...words: readonly string[]): Ended {
  rmSync(MARKER, { force: true });
  const { signal } = spawnSync(program, words, { cwd: directory });
  return { marker: existsSync(MARKER), signal };
}

/** A shell that reads a file and then writes the marker. */
export function read(path: string): Ended {
  return run('/bin/sh', '-c', `read line < ${path} && : > ${MARKER}`);
}

/** Whether the kernel refuses a connection of a process in a container to port 9 of the loopback. */
export async function isConnectRefused(container: Container): Promise<boolean> {
  const calls = await container.act([
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r0', 'in:127.0.0.1:9', 'len'],
  ]);
  return calls.at(-1)?.result === -constants.errno.EPERM;
}
