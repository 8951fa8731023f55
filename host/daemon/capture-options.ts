// Options of the commands that capture events.

export const CAPTURE_OPTIONS = {
  'ring-memory': {
    kind: 'number',
    value: 'MB',
    least: 1,
    description:
      'Memory of the event ring buffers, for all CPUs together. Default: 16, or what more than 128 CPUs need.',
  },
} as const;
