// What more processors cost: the memory that is planned for their rings, and reading rings that are empty. Those that this machine has not are
// pretended: records come from the addon's builder, and the kernel's maps, whose entries are one for each processor, are not in it.

import type { Capture } from '../../../host/capture/native.ts';
import { openCapture } from '../../../host/capture/open.ts';
import { DEFAULT_SIZES } from '../../../host/capture/sizes.ts';
import type { Session } from '../figure.ts';
import type { Curve, Point } from './curve.ts';

const PROCESSORS = [1, 2, 64, 256];
const POLLS = 2_000;

export function processorsCurves({ quick, progress }: Session): Curve[] {
  const memory: Point[] = [];
  const reading: Point[] = [];
  for (const cpus of PROCESSORS) {
    progress(`${cpus} processors`);
    const { capture, plan } = openCapture({ source: 'builder', sizes: { ...DEFAULT_SIZES, cpus } });
    try {
      memory.push({ x: cpus, samples: [(plan.ringStride * cpus) / 1e6] });
      reading.push({ x: cpus, samples: Array.from({ length: quick ? 2 : 7 }, () => pollTime(capture)) });
    } finally {
      capture.close();
    }
  }
  return [
    { what: 'memory of rings', cause: 'processors', unit: 'MB', points: memory },
    { what: 'a poll of empty rings', cause: 'processors', unit: 'ns', points: reading },
  ];
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
