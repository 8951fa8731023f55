// Priorities of rules, as Falco has them.

/** Most severe first, as configuration and output spell them. */
export const PRIORITIES = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Informational',
  'Debug',
] as const;
export type Priority = (typeof PRIORITIES)[number];

/** `info` is short for `informational`; case does not matter. */
export function parsePriority(text: string): Priority | undefined {
  const wanted = text.toLowerCase() === 'info' ? 'informational' : text.toLowerCase();
  return PRIORITIES.find((priority) => priority.toLowerCase() === wanted);
}
