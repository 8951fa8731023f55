// Numbers in sentences for people.

export const KILOBYTE = 1024;

/** Sizes in megabytes are in these, in sentences and in configuration alike. */
export const MEGABYTE = KILOBYTE * KILOBYTE;

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

/** 1,234,567.891. By toLocaleString() the first number of a process takes 11 ms and 8 MB: it loads what is known of all locales. */
export function number(value = 0): string {
  const [whole = '', fraction] = String(Math.round(value * 1000) / 1000).split('.');
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

export function count(value: number | undefined, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** For toSorted(). */
export function compareBigints(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
