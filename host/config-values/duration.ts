// Times as Prometheus writes them: 30s, 1h30m, 100ms.

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const PATTERN = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d{1,9})${unit})?`).join('')}$`);

/** In milliseconds; undefined for an invalid duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const found = text === '' ? null : PATTERN.exec(text);
  return found ? UNITS.reduce((sum, [, each], index) => sum + each * Number(found[index + 1] ?? 0), 0) : undefined;
}

/** The duration as text, in as few units as possible. */
export function durationText(milliseconds: number): string {
  let left = Math.max(0, Math.round(milliseconds));
  const parts = UNITS.map(([unit, each]) => {
    const count = Math.floor(left / each);
    left -= count * each;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}
