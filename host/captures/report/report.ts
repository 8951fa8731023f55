// The report of a capture: what fired, the processes with the branch that fired, what they did before and after, files, connections and
// the state then. Plain data: text, JSON and HTML are made of it.

import { compareBigints } from '../../diagnostics/numbers.ts';
import type { EventView } from '../../journal/event-views.ts';
import { History } from '../../journal/event-views.ts';
import { FirstTimes } from '../../journal/first-times.ts';
import type { Damage } from '../../recording/source.ts';
import { PLACE_FIELDS } from '../../schema/fields/place.ts';
import { type CapturedAlert, type CaptureNotes, UNREAD_STATE, whyNoAlert } from '../notes/capture-notes.ts';
import type { ChangedFile, State } from '../state/state.ts';
import { type Deed, deedOf } from './deeds.ts';
import { addBranch, familyOf, ProcessTree, type TreeProcess } from './process-tree.ts';

/** Entries of the timeline; a capture can have millions of events. */
const MOST_ENTRIES = 10_000;
/** Entries that are searched for the same event: threads and loops take turns, and repetitions are one entry. */
const NEAR_ENTRIES = 8;
const MOST_FILES = 2_000;
const MOST_CONNECTIONS = 2_000;

/** Where it happened, as metadata have it. */
export type Place = { readonly [Name in keyof typeof PLACE_FIELDS]?: string };

export interface TimelineEntry {
  /** ns since the epoch, of the first. */
  time: bigint;
  readonly process: TreeProcess | undefined;
  readonly deed: Deed;
  /** How often, with little in between. */
  times: number;
}

export interface TouchedFile {
  readonly path: string;
  /** `creates`, `writes`, `removes`, ..., in order of time; without those that failed. */
  readonly verbs: ReadonlySet<string>;
  readonly processes: Set<TreeProcess>;
  /** The file as the upper layer had it at the alert. */
  readonly layer: ChangedFile | undefined;
}

export interface Connection {
  readonly peer: string;
  readonly verb: string;
  readonly processes: Set<TreeProcess>;
  times: number;
  failures: number;
}

export interface Report {
  readonly hostname: string;
  readonly kernel: string;
  readonly terms: CaptureNotes['terms'];
  readonly alerts: readonly CapturedAlert[];
  readonly place: Place;
  /** The processes without a parent, among those that did something and their ancestors. */
  readonly roots: readonly TreeProcess[];
  readonly shown: ReadonlySet<TreeProcess>;
  /** The processes that fired, with those they descend from. */
  readonly branch: ReadonlySet<TreeProcess>;
  readonly fired: ReadonlySet<TreeProcess>;
  /** The branch, and what the parents of those that fired have started besides: where a reader looks first. All if none is known. */
  readonly related: ReadonlySet<TreeProcess>;
  /** In order of time. */
  readonly timeline: readonly TimelineEntry[];
  readonly files: readonly TouchedFile[];
  /** In the order in which they were read. */
  readonly connections: readonly Connection[];
  readonly state: State | undefined;
  readonly events: number;
  readonly damage: readonly Damage[];
  /** What is missing in the capture or in the report, each as a sentence. */
  readonly missing: readonly string[];
}

/** Throws RecordingError, and the errors of open(). */
export function reportOf(path: string, notes: CaptureNotes): Report {
  using history = new History(path);
  const { hostname, kernel } = history.facts;
  const collected = new Collector(notes);
  const items = history.items({ processes: true });
  let next = items.next();
  for (; !next.done; next = items.next()) {
    if (next.value.kind === 'process') collected.tree.add(next.value);
    else if (next.value.kind === 'event') collected.add(next.value);
  }
  const { events, damage } = next.value;
  const { alerts, terms, state, cuts } = notes;
  const result = collected.result();
  const missing = [...lacksOf(notes), ...cuts, ...(state?.missing ?? []), ...collected.cuts];
  return { hostname, kernel, terms, alerts, state, events, damage, missing, ...result };
}

/** What is not in the file, each as a sentence. */
function lacksOf(notes: CaptureNotes): string[] {
  const { state, unread, gaps } = notes;
  const noAlert = whyNoAlert(notes);
  const noState = gaps.mayLackState
    ? 'The state is missing: the file is cut off or damaged before it, or it was not taken.'
    : 'The state was not taken.';
  return [
    ...(noAlert === undefined ? [] : [`The alert is missing: ${noAlert}.`]),
    ...unread,
    ...(state || unread.some((sentence) => sentence === UNREAD_STATE) ? [] : [noState]),
  ];
}

type Result = Pick<
  Report,
  'place' | 'roots' | 'shown' | 'branch' | 'fired' | 'related' | 'timeline' | 'files' | 'connections'
>;

/** A file, while events are read. */
interface FoundFile extends Omit<TouchedFile, 'verbs'> {
  readonly verbs: FirstTimes<string>;
}

class Collector {
  readonly tree = new ProcessTree();
  readonly cuts: string[] = [];
  readonly #alerts: readonly CapturedAlert[];
  readonly #layer: ReadonlyMap<string, ChangedFile>;
  readonly #timeline: TimelineEntry[] = [];
  readonly #files = new Map<string, FoundFile>();
  readonly #connections = new Map<string, Connection>();
  readonly #active = new Set<TreeProcess>();
  #place: Place = {};
  #omitted = 0;

  constructor({ alerts, state }: CaptureNotes) {
    this.#alerts = alerts;
    this.#layer = new Map((state?.changed ?? []).map((file) => [file.path, file]));
  }

  add(event: EventView): void {
    const process = this.tree.of(event.image);
    const described = deedOf(event);
    const program =
      described.kind === 'program' ? process?.programs.findLast(({ image }) => image === event.image) : undefined;
    const deed = program ? { ...described, program } : described;
    if (process) this.#active.add(process);
    this.#findPlace(event);
    this.#addEntry(event.time, process, deed);
    if (deed.failure === undefined && deed.path !== undefined)
      this.#addFile(deed.path, deed.verb ?? '', event.time, process);
    if (deed.peer !== undefined) this.#addConnection(deed.peer, deed, process);
  }

  result(): Result {
    if (this.#omitted > 0) this.cuts.push(`${this.#omitted} further events are not in the timeline.`);
    const { processes } = this.tree;
    const fired = new Set(this.#alerts.flatMap((alert) => firedBy(alert, processes) ?? []));
    const branch = new Set<TreeProcess>();
    for (const process of fired) addBranch(branch, process);
    const families = familyOf([...fired].map((process) => process.parent ?? process));
    const shown = new Set<TreeProcess>();
    for (const process of [...this.#active, ...branch]) addBranch(shown, process);
    if (fired.size === 0 && this.#alerts.length > 0) this.cuts.push('The file lacks the process that fired.');
    // Then it may be any of them.
    const related = fired.size === 0 ? shown : new Set([...branch, ...families]);
    return {
      place: this.#place,
      roots: [...shown].filter(({ parent }) => !parent || !shown.has(parent)),
      shown,
      branch,
      fired,
      related,
      timeline: this.#timeline.toSorted((one, other) => compareBigints(one.time, other.time)),
      files: [...this.#files.values()]
        .toSorted((one, other) => compareBigints(one.verbs.first, other.verbs.first))
        .map((file) => ({ ...file, verbs: new Set(file.verbs.deeds) })),
      connections: [...this.#connections.values()],
    };
  }

  /** Until the metadata are there: they come some moments after a container's first events. */
  #findPlace(event: EventView): void {
    const [first] = this.#alerts;
    if (this.#place.image !== undefined || !first || first.container === 'host') return;
    const container = event.text(PLACE_FIELDS.container);
    if (container === undefined || container === '' || !first.container.startsWith(container)) return;
    const values = Object.entries(PLACE_FIELDS).map(([name, field]) => [name, event.text(field)] as const);
    this.#place = Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== ''));
  }

  #addEntry(time: bigint, process: TreeProcess | undefined, deed: Deed): void {
    const same = this.#timeline
      .slice(-NEAR_ENTRIES)
      .find((entry) => entry.process === process && entry.deed.text === deed.text);
    if (same) {
      same.times++;
      if (time < same.time) same.time = time;
    } else if (this.#timeline.length < MOST_ENTRIES) this.#timeline.push({ time, process, deed, times: 1 });
    else this.#omitted++;
  }

  #addFile(path: string, verb: string, time: bigint, process: TreeProcess | undefined): void {
    const known = this.#files.get(path);
    if (!known && this.#files.size >= MOST_FILES) return;
    const verbs = known?.verbs ?? new FirstTimes(verb, time);
    const file = known ?? { path, verbs, processes: new Set(), layer: this.#layer.get(path) };
    verbs.note(verb, time);
    if (process) file.processes.add(process);
    this.#files.set(path, file);
  }

  #addConnection(peer: string, { verb = '', failure }: Deed, process: TreeProcess | undefined): void {
    const key = `${verb} ${peer}`;
    const known = this.#connections.get(key);
    if (!known && this.#connections.size >= MOST_CONNECTIONS) return;
    const connection = known ?? { peer, verb, processes: new Set(), times: 0, failures: 0 };
    connection.times++;
    // A call that does not wait says that it goes on.
    if (failure !== undefined && failure !== 'EINPROGRESS') connection.failures++;
    if (process) connection.processes.add(process);
    this.#connections.set(key, connection);
  }
}

/** The process with the alert's pid that lived then. */
function firedBy({ pid, time }: CapturedAlert, processes: readonly TreeProcess[]): TreeProcess | undefined {
  return processes.findLast(
    (process) => process.pid === pid && (process.began ?? 0n) <= time && (process.ended?.time ?? time) >= time,
  );
}
