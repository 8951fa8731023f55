// Where load and agent run: on a CPU each, so that what one takes from the other is what capturing costs.

import { availableParallelism } from 'node:os';
import { BenchError } from './figure.ts';

export const LOAD_CPU = 0;
export const AGENT_CPU = 1;

export function requireTwoProcessors(): void {
  if (availableParallelism() < 2) throw new BenchError('load and agent need a CPU each, and there is but one');
}
