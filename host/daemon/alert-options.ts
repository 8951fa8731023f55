// Options of the commands that raise alerts, live or on a recording: which alerts there are, and how they show times.

export const ALERT_OPTIONS = {
  'rule-matching': {
    kind: 'text',
    value: 'HOW',
    choices: ['first', 'all'],
    description: 'Whether an event raises the alert of the first matching rule, or of all. Default: first.',
  },
  'iso-time': { kind: 'flag', description: 'Times in ISO 8601, UTC.' },
} as const;
