// The counters that the BPF programs of a running agent keep, read beside it: what it says of itself is not needed.

import { execFileSync } from 'node:child_process';
import { EVENT_TYPE_COUNT } from '../../host/schema/events/index.ts';
import { SYSTEM_PATH } from '../../host/setup/paths.mjs';
import { bpfDescriptors, bpftool } from './bpf-descriptors.ts';
import { BenchError } from './figure.ts';

/** Totals of all CPUs since the start of the agent. */
export interface RingCounters {
  /** Those in the ring, those dropped and those that the kernel filter left out. */
  readonly produced: number;
  readonly dropped: number;
  readonly filtered: number;
  /** Bytes in the rings that the agent has not read yet. */
  readonly waiting: number;
}

/** `struct ring_control` of native/bpf/ring.h, in 64-bit words. */
const HEAD = 0;
const TAIL = 1;
const SEQUENCE = 2;
const DROPPED = 8;
/** Entries of `dropped` and of `filtered`: they are indexed by the type's number. */

const environment = { ...process.env, PATH: SYSTEM_PATH };

export class RingCounterReader {
  readonly #map: number;

  /** @param pid of an agent that captures */
  constructor(pid: number) {
    this.#map = findMap(pid, 'ring_control');
  }

  read(): RingCounters {
    let [produced, dropped, filtered, waiting] = [0, 0, 0, 0];
    for (const words of dumpMap(this.#map)) {
      produced += words[SEQUENCE] ?? 0;
      waiting += (words[HEAD] ?? 0) - (words[TAIL] ?? 0);
      dropped += sum(words.slice(DROPPED, DROPPED + EVENT_TYPE_COUNT));
      filtered += sum(words.slice(DROPPED + EVENT_TYPE_COUNT, DROPPED + 2 * EVENT_TYPE_COUNT));
    }
    return { produced: produced + filtered, dropped, filtered, waiting };
  }
}

/** What happened between two readings. */
export function difference(before: RingCounters, after: RingCounters): RingCounters {
  return {
    produced: after.produced - before.produced,
    dropped: after.dropped - before.dropped,
    filtered: after.filtered - before.filtered,
    waiting: after.waiting,
  };
}

/** How many agents capture on this machine now: each has its rings. */
export function capturingAgents(): number {
  const maps = JSON.parse(bpftool('map', 'show')) as { readonly name?: string }[];
  return maps.filter(({ name }) => name === 'ring_control').length;
}

/** The id of a map that a process holds open. Map names are not unique on a machine: other agents may run. */
function findMap(pid: number, name: string): number {
  for (const info of bpfDescriptors(pid, 'map')) {
    const id = /^map_id:\s*(\d+)/m.exec(info)?.[1];
    if (id === undefined) continue;
    const map = JSON.parse(bpftool('map', 'show', 'id', id)) as { readonly name?: string };
    if (map.name === name) return Number(id);
  }
  throw new BenchError(`process ${pid} has no BPF map '${name}': it captures nothing`);
}

/** The values of an array, as numbers of 64 bits. */
function dumpMap(id: number): number[][] {
  const entries = JSON.parse(bpftool('map', 'dump', 'id', String(id))) as { readonly value: readonly string[] }[];
  return entries.map(({ value }) => {
    const bytes = Uint8Array.from(value, Number);
    return [...new BigUint64Array(bytes.buffer)].map(Number);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** How many programs that enforce rules are loaded. */
export function enforcers(): number {
  const programs = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8', env: environment }));
  return programs.filter(({ name = '' }: { name?: string }) => name.startsWith('enforce_')).length;
}
