// What more processors cost: memory of which each has a part, and reading rings that are empty. All are pretended, so that one way is measured from
// 1 to 256: rings are planned for them, records come from the addon's builder, and of the kernel's maps each has what one has here.

import type { Capture } from '../../../host/capture/native.ts';
import { openCapture } from '../../../host/capture/open.ts';
import { DEFAULT_SIZES } from '../../../host/capture/sizes.ts';
import { AgentProcess } from '../agent-process.ts';
import { bpfDescriptors } from '../bpf-descriptors.ts';
import type { Session } from '../figure.ts';
import { measuredRules } from '../rule-sets.ts';
import type { Curve, Point } from './curve.ts';

const PROCESSORS = [1, 2, 64, 256];
const POLLS = 2_000;

/** Of the kernel, by number: PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH. Each processor has all of their entries. */
const PER_PROCESSOR_MAPS: readonly number[] = [5, 6, 10];

export async function processorsCurves(session: Session): Promise<Curve[]> {
  const { quick, progress } = session;
  const maps = await mapsOfProcessor(session);
  const memory: Point[] = [];
  const reading: Point[] = [];
  for (const cpus of PROCESSORS) {
    progress(`${cpus} processors`);
    const { capture, plan } = openCapture({ source: 'builder', sizes: { ...DEFAULT_SIZES, cpus } });
    const rings = plan.ringStride * cpus;
    try {
      const note = `rings ${megabytes(rings)}, drafts of images, remembered names and the like ${megabytes(maps * cpus)}`;
      memory.push({ x: cpus, samples: [(rings + maps * cpus) / 1e6], note });
      reading.push({ x: cpus, samples: Array.from({ length: quick ? 2 : 7 }, () => pollTime(capture)) });
    } finally {
      capture.close();
    }
  }
  return [
    { what: 'memory of rings and maps', cause: 'processors', unit: 'MB', points: memory },
    { what: 'a poll of empty rings', cause: 'processors', unit: 'ns', points: reading },
  ];
}

/** Bytes of an agent's maps of which each processor has all entries. */
async function mapsOfProcessor({ run }: Session): Promise<number> {
  const { paths } = await measuredRules();
  const agent = await AgentProcess.start({ rules: paths, run });
  try {
    const descriptions = new Map(bpfDescriptors(agent.pid, 'map').map((info) => [numberIn(info, 'map_id'), info]));
    return [...descriptions.values()]
      .filter((info) => PER_PROCESSOR_MAPS.includes(numberIn(info, 'map_type')))
      .reduce((sum, info) => sum + Math.ceil(numberIn(info, 'value_size') / 8) * 8 * numberIn(info, 'max_entries'), 0);
  } finally {
    await agent.stop();
  }
}

function numberIn(description: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(description)?.[1]);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** ns of one. */
function pollTime(capture: Capture): number {
  const segments = new Uint32Array(8192);
  const began = performance.now();
  for (let poll = 0; poll < POLLS; poll++) {
    capture.poll(segments, 0);
    capture.release();
  }
  return ((performance.now() - began) * 1e6) / POLLS;
}
