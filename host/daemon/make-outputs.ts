// The outputs of a run: those that the configuration enables, and those of the command line.

import type { Configuration } from '../config/definition.ts';
import { DEFAULT_KIND_FIELDS } from '../config/keys/noise.ts';
import { MEGABYTE } from '../diagnostics/numbers.ts';
import type { AlertFormat } from '../outputs/alert.ts';
import { FILE } from '../outputs/kinds/file.ts';
import { type OutputContext, outputValues } from '../outputs/kinds/kind.ts';
import { OUTPUTS } from '../outputs/kinds/outputs.ts';
import { STDOUT } from '../outputs/kinds/stdout.ts';
import type { Output } from '../outputs/output.ts';
import { QuietOutput } from '../outputs/quiet-output.ts';

/** The command line can disable standard output too, since it may add another output. */
const OTHERS = OUTPUTS.filter(({ name }) => name !== STDOUT.name);

export interface OutputChoice {
  readonly configuration: Configuration;
  readonly json: boolean;
  readonly format: AlertFormat;
  readonly stdout: boolean;
  /** File of the command line, besides the configuration's. */
  readonly file: string | undefined;
  /** Called with the first of consecutive errors of an output and its destination, for people. */
  readonly onError: (name: string, place: string, error: NodeJS.ErrnoException) => void;
  /** Called when delivery of an output over HTTP begins to fail or works again; `lost`: alerts are being lost. */
  readonly onTrouble: (name: string, message: string, lost: boolean) => void;
}

/**
 * Rejects with CommandFailure for a file or an address that can't be used; what was opened is closed then.
 * @param only outputs of these names; default: all
 */
export async function makeOutputs(choice: OutputChoice, only?: ReadonlySet<string>): Promise<Output[]> {
  const made: Output[] = [];
  try {
    for (const [name, make] of makersOf(choice)) if (only?.has(name) !== false) made.push(await make());
  } catch (error) {
    for (const output of made) await output.close(0);
    throw error;
  }
  return made.map((output) => spared(output, choice.configuration));
}

/** Whether the configuration enables an output besides standard output. */
export function hasOutputs(configuration: Configuration): boolean {
  return OTHERS.some((kind) => outputValues(kind, configuration).enabled);
}

/** Outputs that keep alerts on disk: they are not replaced while the agent runs. */
export function spooledOutputs({ spool }: Configuration): ReadonlySet<string> {
  return new Set(spool.enabled ? OUTPUTS.filter(({ isSpooled }) => isSpooled).map(({ name }) => name) : []);
}

type Maker = readonly [name: string, make: () => Output | Promise<Output>];

function makersOf(choice: OutputChoice): Maker[] {
  const { configuration, stdout, file } = choice;
  const { stdout_output, file_output } = configuration;
  const makers: Maker[] = [];
  if (stdout) makers.push(['stdout', () => STDOUT.make(stdout_output, contextOf('stdout', choice))]);
  const configured = file_output.enabled ? file_output.filename : undefined;
  if (file !== undefined && file !== configured) {
    makers.push(['file', () => FILE.make({ ...file_output, filename: file }, contextOf('file', choice))]);
  }
  for (const kind of OTHERS) {
    const values = outputValues(kind, configuration);
    if (values.enabled) makers.push([kind.name, () => kind.make(values, contextOf(kind.name, choice))]);
  }
  return makers;
}

function contextOf(name: string, choice: OutputChoice): OutputContext {
  const { configuration, json, format, onError, onTrouble } = choice;
  const { spool, outputs_queue } = configuration;
  return {
    json,
    format,
    capacity: outputs_queue.capacity,
    spool: spool.enabled ? { folder: spool.path, mostBytes: spool.max_size_mb * MEGABYTE } : undefined,
    onError: (place, error) => onError(name, place, error),
    onTrouble: (message, lost) => onTrouble(name, message, lost),
  };
}

/** With the limits that the configuration has for it. */
function spared(output: Output, { noise }: Configuration): Output {
  const { repeat, rate, burst } = noise.outputs.get(output.name) ?? noise;
  if (repeat === 0 && rate === 0) return output;
  const kindFields = noise.kind_fields.length > 0 ? noise.kind_fields : DEFAULT_KIND_FIELDS;
  return new QuietOutput(output, { repeatMs: repeat, rate, burst, kindFields });
}

export function alertFormat(configuration: Configuration, isoTime: boolean): AlertFormat {
  return {
    isoTime,
    includeOutput: configuration.json_include_output_property,
    includeMessage: configuration.json_include_message_property,
    includeOutputFields: configuration.json_include_output_fields_property,
    includeTags: configuration.json_include_tags_property,
  };
}
