// A memory for modules that evaluate events which no capture writes: those of audit, and those that tests give.

import { CANDIDATE_BANKS, CANDIDATE_WORDS } from '../schema/image.ts';

export const PAGE = 65_536;
/** 16 MB, of which only what an event fills is ever touched. */
const PAGES = 256;

/** Nothing lies in the first page: address 0 means that there is nothing. */
export const FIRST_ADDRESS = PAGE;

/** The candidates of a process image for which every rule is evaluated. */
export const ALL_CANDIDATES: readonly bigint[] = Array.from(
  { length: CANDIDATE_BANKS * CANDIDATE_WORDS },
  () => 0xffffffffffffffffn,
);

export function makeOwnMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
}
