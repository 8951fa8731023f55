// Recordings of tests: checks them, and evaluates rules on them.

import { startAgent } from '../agent/agent.ts';
import type { RuleModule } from '../agent/modules/rule-module.ts';
import { RuleLoadError } from '../diagnostics/diagnostic.ts';
import type { Alert } from '../outputs/alert.ts';
import type { Output } from '../outputs/output.ts';
import { RecordingError, type RecordingFacts } from '../recording/format.ts';
import { ScapError } from '../scap/format/error.ts';
import { openRecording } from '../scap/open.ts';
import { type RecordingTest, RuleTestError } from './rule-test.ts';

/** Outputs of each rule that are kept for the report. */
const SHOWN_OUTPUTS = 3;

/** A complete recording. */
export interface SoundRecording {
  readonly path: string;
  readonly facts: RecordingFacts;
}

/**
 * Reads the whole recording: a test would prove nothing if events were missing.
 * @throws RuleLoadError with the place in the test file
 */
export function checkRecording({ path, context }: RecordingTest): SoundRecording {
  const refuse = (reason: string, help: string): never => {
    throw new RuleLoadError('LOAD_ERR_FILE_READ', `The recording ${path} can't be used: ${reason}`, context, { help });
  };
  try {
    using file = openRecording(path);
    const { source: reader } = file;
    for (const _ of reader.payloads());
    const [damage] = reader.damage;
    if (damage) refuse(`it is damaged at byte ${damage.at}: ${damage.reason}`, RECORD_AGAIN);
    return { path, facts: reader.facts };
  } catch (error) {
    if (error instanceof RuleLoadError) throw error;
    if (error instanceof RecordingError || error instanceof ScapError) return refuse(error.message, RECORD_AGAIN);
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    return refuse(REASONS[code] ?? code, 'paths are relative to the folder of the test file');
  }
}

const RECORD_AGAIN = 'recordings are made by: wasprey capture -o FILE';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

/** The alerts of a rule. */
export interface RaisedAlerts {
  readonly alerts: number;
  /** Outputs of the first few. */
  readonly outputs: readonly string[];
}

/** Collects the alerts of rules on a recording. */
export class AlertTally implements Output {
  readonly name = 'rule test';
  readonly #asked: ReadonlySet<string>;
  readonly #read = new Set<string>();
  readonly #byRule = new Map<string, { alerts: number; readonly outputs: string[] }>();
  #written = 0;

  /** @param asked outputs that tests expect; only these are compared with alerts */
  constructor(asked: Iterable<{ readonly rule: string; readonly output: string }>) {
    this.#asked = new Set([...asked].map(({ rule, output }) => keyOf(rule, output)));
  }

  write({ rule, message, source }: Alert): void {
    this.#written++;
    // Internal messages of the agent come by onTrouble.
    if (source === 'internal') return;
    let raised = this.#byRule.get(rule);
    if (!raised) {
      raised = { alerts: 0, outputs: [] };
      this.#byRule.set(rule, raised);
    }
    raised.alerts++;
    if (raised.outputs.length < SHOWN_OUTPUTS) raised.outputs.push(message);
    const key = keyOf(rule, message);
    if (this.#asked.has(key)) this.#read.add(key);
  }

  /** Undefined for a rule without alerts. */
  of(rule: string): RaisedAlerts | undefined {
    return this.#byRule.get(rule);
  }

  /** Whether an alert of the rule had that expected output. */
  hadOutput(rule: string, output: string): boolean {
    return this.#read.has(keyOf(rule, output));
  }

  async close(): Promise<void> {}

  get counters() {
    return { written: this.#written, dropped: 0, errors: 0 };
  }
}

function keyOf(rule: string, output: string): string {
  return `${rule}\0${output}`;
}

/**
 * Evaluates rules on all events of a recording, in the engine that evaluates live events.
 * @throws RuleTestError
 */
export async function evaluateRecording(
  { path, facts }: SoundRecording,
  module: RuleModule,
  tally: AlertTally,
): Promise<void> {
  const { promise: ended, resolve: end, reject } = Promise.withResolvers<unknown>();
  const fail = (reason: string) => reject(new RuleTestError(`${path} could not be evaluated: ${reason}`));
  const agent = await startAgent({
    modules: [module],
    outputs: [tally],
    ruleMatching: 'all',
    replay: { path, hostname: facts.hostname, onEnd: end },
    onTrouble: fail,
    onEnd: ({ message }) => fail(message),
  });
  try {
    await ended;
  } finally {
    await agent.stop();
  }
}
