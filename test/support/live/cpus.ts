import { availableParallelism } from 'node:os';

/** The numbers of this machine's CPUs. */
export const CPUS: readonly number[] = Array.from({ length: availableParallelism() }, (_, index) => index);
