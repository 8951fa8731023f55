// Doors: programs that let somebody in, or start background work. A program that they start begins a session; they themselves do not.

/**
 * How a session was entered. `container`: the container's own program, without an entry; `other`: processes whose entry is unknown.
 */
export const ENTRY_KINDS = ['ssh', 'console', 'su', 'exec', 'cron', 'service', 'container', 'other'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

const DOORS: readonly { readonly kind: EntryKind; readonly programs: ReadonlySet<string> }[] = [
  {
    kind: 'su',
    programs: new Set(['su', 'su-rs', 'sudo', 'sudo-rs', 'sudo-ws', 'runuser', 'doas', 'pkexec', 'ksu', 'machinectl']),
  },
  { kind: 'ssh', programs: new Set(['sshd', 'sshd-session', 'sshd-auth', 'dropbear', 'tinysshd']) },
  {
    kind: 'console',
    programs: new Set(['login', 'gdm-session-worker', 'lightdm', 'sddm-helper', 'xdm', 'in.telnetd', 'telnetd']),
  },
  { kind: 'cron', programs: new Set(['cron', 'crond', 'anacron', 'atd', 'fcron', 'bcron-exec']) },
  {
    kind: 'service',
    programs: new Set(['systemd', 'systemd-executor', 'init', 'runsv', 's6-supervise', 'supervise-daemon']),
  },
];
/** Doors that root alone opens. */
const OF_ROOT: ReadonlySet<EntryKind> = new Set(['ssh', 'console', 'su']);
/** Doors that are there for one entry, and end with it. Others wait for all, in a process of theirs, and let each in by one below it. */
const FOR_ONE_ENTRY: ReadonlySet<string> = new Set(['login', 'gdm-session-worker', 'sddm-helper']);
const DOOR_OF = new Map(
  DOORS.flatMap(({ kind, programs }) => [...programs].map((program) => [program, kind] as const)),
);

/** Helpers that doors start as root. As anybody else's they count for nothing: a user could give any program their names, and leave the session by it. */
const HELPERS: ReadonlySet<string> = new Set([
  ...['unix_chkpwd', 'unix_update', 'pam_timestamp_check'],
  ...['agetty', 'getty', 'mingetty'],
]);

/** Where doors are installed, by who owns the machine or made the image. */
const INSTALLED = /^\/(?:usr|bin|sbin|lib|lib64|nix\/store|gnu\/store)\//;

/** The facts that decide whether a program is a door. */
export interface ProgramFacts {
  /** programOf() */
  readonly program: string;
  readonly executable: string | undefined;
  readonly user: { readonly uid: number };
  /** Its file was made in the container, and does not come from the image: it is in an overlay file system's upper layer. */
  readonly isOfUpperLayer: boolean;
  /** Undefined on the host. */
  readonly container: string | undefined;
  /** Somebody's own program, run as a user of the host other than root: what it lets in is there already. */
  readonly isWithin?: boolean;
}

/** A program that only has the name of a door is not one: anybody in a session could name a program so, and begin a session of another kind. */
export function doorOf(facts: ProgramFacts): EntryKind | undefined {
  const { program, executable, container, isOfUpperLayer } = facts;
  const kind = DOOR_OF.get(program);
  if (kind === undefined || !INSTALLED.test(executable ?? '')) return undefined;
  if (facts.isWithin && OF_ROOT.has(kind)) return undefined;
  return container !== undefined && isOfUpperLayer ? undefined : kind;
}

/**
 * The kind of session that a program begins, if it begins one.
 * @param before the program that its process ran before, or that the process ran which forked it
 */
export function entryByDoor(program: ProgramFacts, before: ProgramFacts): EntryKind | undefined {
  const kind = doorOf(before);
  if (kind === undefined || isHelper(program)) return undefined;
  // A door is not what it lets in; but the manager of a user's units is a unit of the system's.
  if (doorOf(program) === kind && !(kind === 'service' && program.program === 'systemd')) return undefined;
  return kind;
}

/**
 * The door process that serves one entry alone, and so names its session: all that it starts is one session, also the messages that login prints.
 * @param doors that the entry came through, the nearest first
 */
export function doorOfEntry<Door>(doors: readonly Door[], factsOf: (door: Door) => ProgramFacts): Door | undefined {
  return doors.findLast((door) => FOR_ONE_ENTRY.has(factsOf(door).program)) ?? doors.at(-2);
}

function isHelper({ program, executable, user }: ProgramFacts): boolean {
  return HELPERS.has(program) && user.uid === 0 && INSTALLED.test(executable ?? '');
}

const UNIT = /([^/]+\.(?:service|scope|socket|mount|swap|timer|slice))(?=\/|$)/g;

/** The systemd unit of a cgroup's path: the innermost that is not a slice. */
export function unitOf(cgroup: string): string | undefined {
  const units = [...cgroup.slice(-1024).matchAll(UNIT)].map(([, unit = '']) => unit);
  return units.findLast((unit) => !unit.endsWith('.slice')) ?? units.at(-1);
}

const PTY_MAJORS = { first: 136, last: 143 };
const VIRTUAL_CONSOLE = 4;
const SERIAL_FIRST = 64;

/** `pts/0` of a device number as the kernel encodes it (new_encode_dev). */
export function terminalName(device: number): string | undefined {
  if (device === 0) return undefined;
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= PTY_MAJORS.first && major <= PTY_MAJORS.last) return `pts/${(major - PTY_MAJORS.first) * 256 + minor}`;
  if (major === VIRTUAL_CONSOLE) return minor < SERIAL_FIRST ? `tty${minor}` : `ttyS${minor - SERIAL_FIRST}`;
  return `tty ${major}:${minor}`;
}
