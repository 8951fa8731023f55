// Numbers in sentences for people.

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

/** 1,234,567, whatever the locale. */
export function number(value = 0): string {
  return value.toLocaleString('en-US');
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
