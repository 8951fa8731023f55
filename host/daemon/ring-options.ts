// Options for the event rings, of the commands that capture events.

export const RING_OPTIONS = {
  'ring-memory': {
    kind: 'number',
    value: 'MB',
    least: 1,
    description:
      'Memory of the event ring buffers, for all CPUs together; at most 256 for each CPU is used. Default: 16, or what more than 64 CPUs need.',
  },
} as const;
