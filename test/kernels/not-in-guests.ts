// Files of test/live that run in no guest, and why. In each guest the steps `hooks` and `generate` have an alert of each family of
// hooks and of each action; live files beyond these are as many as the time allows.

const SPACE = 'what it tests is done in user space, the same on each kernel';
const TOOLS = 'it needs programs that the roots of guests do not have';
const TRACED = 'it traces each call of an agent, which takes an emulated processor minutes';
const RULES = 'the step `generate` has the actions of all rules verified on each kernel';
const LOADED =
  'the step `programs` loads its programs on each kernel, `doctor` attaches them; the rest for want of time';
const FAMILY = 'the step `hooks` has an alert of the same programs on each kernel; the rest for want of time';
const CLOCK =
  'it holds loads or races against the clock, which say nothing of a kernel where an emulated processor runs it';
const ACTIONS = '`responses-cgroups` has the actions on the control groups of each kernel; the rest is the same on all';
const OWN_STEP = 'guests have a step of their own for it';

/** By reason, so that each is reported once. Names are without their ending. */
const BY_REASON: ReadonlyMap<string, readonly string[]> = new Map([
  [
    SPACE,
    [
      ...[
        'activity',
        'address-names',
        'backtest',
        'cli-compile',
        'cli-config',
        'cli-reload',
        'cli-run',
        'container-fields',
        'first-events',
        'invalid-rules',
        'captures',
        'captured-places',
        'journal',
        'response-config',
        'responses-isolate',
        'service-notify',
      ],
      ...['messages', 'metrics-output', 'recording', 'scap', 'signals', 'soak', 'stop'],
    ],
  ],
  [
    LOADED,
    [
      'enforced-is-matched',
      'enforced-places',
      'enforcement',
      'enforcement-crowd',
      'enforcement-evasions',
      'enforcement-execs',
      'enforcement-room',
      'enforcement-ways',
      'kernel-responses',
    ],
  ],
  [
    TOOLS,
    [
      ...[
        'by-handle',
        'daily-services',
        'daily-work',
        'dashboards',
        'follow',
        'man-pages',
        'pinned',
        'registry',
        'service-boot',
        'service-unit',
      ],
      ...['shell-completion', 'sshd', 'syslog', 'tampering'],
    ],
  ],
  [TRACED, ['missing-hooks']],
  [
    RULES,
    [
      ...[
        'evasion-disguises',
        'evasion-other-names',
        'evasion-places',
        'evasion-processes',
        'filter-alerts',
        'generate-own-rules',
        'kernel-programs',
      ],
      ...['rings', 'rules-containers', 'rules-files', 'rules-network', 'rules-servers'],
      ...['stock-deprecated', 'stock-incubating', 'stock-sandbox'],
    ],
  ],
  [
    FAMILY,
    [
      ...[
        'apart',
        'capture',
        'file-changes',
        'hidden-peers',
        'left-out-events',
        'long-images',
        'long-paths',
        'names',
        'path',
      ],
      ...['receive', 'receive-waiting', 'rule-fields', 'sister-calls', 'traced'],
    ],
  ],
  [
    CLOCK,
    [
      'busy-machine',
      'crowd',
      'drops',
      'filter-programs',
      'hot-load',
      'lost-images',
      'overflow',
      'pressure',
      'races',
      'remembered-races',
      'slow-module',
      'stalled-start',
    ],
  ],
  [ACTIONS, ['responses', 'responses-containers', 'responses-killed']],
  [OWN_STEP, ['doctor', 'generate']],
]);

/** Why a file is in no guest, by its name. */
export const NOT_IN_GUESTS: ReadonlyMap<string, string> = new Map(
  [...BY_REASON].flatMap(([reason, names]) => names.map((name) => [name, reason] as const)),
);

/** Files that guests run with hooks at sys_exit alone, and why. */
export const WITHOUT_FEXIT: ReadonlyMap<string, string> = new Map([
  ['isolate', 'it attaches no hook of system calls'],
  ['mounts', 'it makes open_tree_attr, which kernels with fexit lack: a function that is not there has no exit'],
  ['responses-cgroups', 'it attaches no hook of system calls'],
  ['storm', 'its kernel, 7.3, preempts programs at fexit, so that some calls are not seen: `auto` never chooses them'],
]);
