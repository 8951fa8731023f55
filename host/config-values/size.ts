// Sizes in bytes: 256MiB, 2GiB, 64KiB; a number alone is in bytes.

const UNITS: readonly (readonly [unit: string, bytes: number])[] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
];
const PATTERN = /^(\d{1,15})(?:\s?([TGMK]iB))?$/;

/** In bytes; undefined for an invalid size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = PATTERN.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Number(digits) * (UNITS.find(([name]) => name === unit)?.[1] ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The size as text, in the largest unit that needs no fraction. */
export function sizeText(bytes: number): string {
  const [unit, each] = UNITS.find(([, size]) => bytes >= size && bytes % size === 0) ?? ['', 1];
  return `${bytes / each}${unit}`;
}
