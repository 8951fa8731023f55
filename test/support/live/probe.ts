// Rules that print what a live test compares.

/** What every probe prints besides the fields that it is for: enough to tell which call an alert is about. */
const IDENTITY = [
  'evt.type',
  'evt.rawtime',
  'evt.rawres',
  'thread.tid',
  'thread.ismain',
  'proc.pid',
  'proc.vpid',
  'container.id',
];

/** A rule that prints fields of the events of some types, so that a test can compare them. */
export interface Probe {
  readonly name: string;
  readonly types: readonly string[];
  /** The rule's text, for LiveAgent.start. */
  readonly rule: string;
}

/** By default of the processes called act alone. */
export function probe(types: readonly string[], fields: readonly string[], condition = 'proc.name = act'): Probe {
  const name = `probe of ${types.join(', ')}`;
  const item = {
    rule: name,
    desc: 'prints what a live test compares',
    condition: `evt.type in (${types.join(', ')}) and ${condition}`,
    output: [...new Set([...IDENTITY, ...fields])].map((field) => `%${field}`).join(' '),
    priority: 'DEBUG',
  };
  return { name, types, rule: `- ${JSON.stringify(item)}\n` }; // JSON is YAML
}
