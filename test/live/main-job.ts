// The live files that `npm test` runs: together they show the main job on this kernel. The suite `live` has the others.

/** By name, without `.test.ts`: what each shows. */
export const MAIN_JOB: Readonly<Record<string, string>> = {
  open: 'opened files',
  'file-changes': 'changed files',
  descriptor: 'calls on descriptors',
  mounts: 'mounts',
  mappings: 'mapped memory',
  network: 'connections',
  messages: 'messages of sockets',
  process: 'new processes and their ends',
  exec: 'programs that are run',
  signals: 'signals',
  compat: '32-bit calls',
  'rule-fields': 'fields in conditions and outputs',
  'stock-stable': 'the stable rules of Falco',
  'rules-files': 'the shipped rules about files',
  'evasion-files': 'evasions by names of files',
  'evasion-processes': 'evasions by processes',
  'evasion-places': 'evasions by places of files',
  'container-fields': 'a container and its fields',
  journal: 'what the journal keeps',
  responses: 'responses to an alert',
  'enforcement-process': 'a process that the kernel ends before its call is done',
  'cli-run': 'the command run',
  'cli-reload': 'rules that are loaded while an agent runs',
  doctor: 'the command doctor',
};
