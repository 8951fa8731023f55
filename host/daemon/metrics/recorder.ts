// The metrics that a run writes as alerts and to a file, at the interval of the configuration.

import { openSync } from 'node:fs';
import type { Agent } from '../../agent/agent.ts';
import type { Configuration } from '../../config/definition.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { FILE_MODE, FileWriter, OPEN_FLAGS } from '../../outputs/file-writer.ts';
import { object, valueJson } from '../../outputs/json.ts';
import { startTimer } from '../../outputs/long-timer.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import type { MetricChoice } from './facts.ts';
import { readResources } from './resources.ts';
import { Snapshots } from './snapshot.ts';
import type { MetricSource } from './source.ts';

const METRICS_RULE = 'Wasprey internal: metrics snapshot';

/** Snapshots at the interval of the configuration, from the call of start() on. */
export class MetricRecorder {
  readonly #snapshots: Snapshots;
  readonly #choice: MetricChoice;
  readonly #settings: Configuration['metrics'];
  readonly #file: FileWriter | undefined;
  #samples = 0;
  #giveUp: () => void = () => {};

  /**
   * Opens the file, if there is to be one.
   * @param onTrouble called with the reason if writing to the file fails, once for consecutive failures
   * @throws {CommandFailure} when the file can't be opened
   */
  constructor({ metrics }: Configuration, { facts, choice }: MetricSource, onTrouble: (message: string) => void) {
    this.#settings = metrics;
    this.#choice = choice;
    const form = { memoryInMb: metrics.convert_memory_to_mb, emptyValues: metrics.include_empty_values };
    this.#snapshots = new Snapshots(facts, choice, form);
    if (metrics.enabled && metrics.output_file !== '') this.#file = openFile(metrics.output_file, onTrouble);
  }

  start(agent: Agent): void {
    if (!this.#settings.enabled || !(this.#file || this.#settings.output_rule)) return;
    this.#wait(agent, performance.now() + this.#settings.interval);
  }

  /** The file was moved away. */
  reopen(): void {
    this.#file?.reopen();
  }

  async close(timeoutMs: number): Promise<void> {
    this.#giveUp();
    await this.#file?.close(timeoutMs);
  }

  #wait(agent: Agent, until: number): void {
    const next = (): void => {
      this.#take(agent);
      // Snapshots that were slept through are left out.
      this.#wait(agent, Math.max(until + this.#settings.interval, performance.now()));
    };
    this.#giveUp = startTimer(next, Math.max(until - performance.now(), 0));
  }

  #take(agent: Agent): void {
    const fields = this.#snapshots.take({
      summary: agent.summary(),
      ruleNames: agent.modules().flatMap(({ rules }) => rules.map(({ name }) => name)),
      resources: this.#choice.resources ? readResources() : undefined,
      nowMs: Date.now(),
    });
    this.#samples++;
    this.#file?.push(Buffer.from(`${sampleLine(this.#samples, fields)}\n`));
    if (this.#settings.output_rule) {
      agent.raiseInternal(METRICS_RULE, 'Informational', 'Wasprey metrics snapshot', fields);
    }
  }
}

function sampleLine(sample: number, fields: readonly KeyedValue[]): string {
  const values = fields.map(({ key, value }) => [key, valueJson(value)] as const);
  return object([
    ['sample', String(sample)],
    ['output_fields', object(values)],
  ]);
}

function openFile(path: string, onTrouble: (message: string) => void): FileWriter {
  const onError = (error: Error): void => onTrouble(`metrics can't be written to ${path}: ${reasonOf(error)}`);
  try {
    const descriptor = openSync(path, OPEN_FLAGS, FILE_MODE);
    return new FileWriter(path, descriptor, { keepOpen: true, mostBytes: 0, keptFiles: 1, onError });
  } catch (error) {
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`, 'see metrics.output_file');
  }
}
