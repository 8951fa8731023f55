// The outputs of a run: those that the configuration turns on, and those of the command line.

import type { Configuration } from '../config/definition.ts';
import { DEFAULT_KIND_FIELDS } from '../config/keys/noise.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import type { AlertFormat } from '../outputs/alert.ts';
import { type FileOutputOptions, fileOutput } from '../outputs/file-output.ts';
import { descriptorOutput, type LineOutputOptions } from '../outputs/line-output.ts';
import type { Output } from '../outputs/output.ts';
import { programOutput } from '../outputs/program-output.ts';
import { QuietOutput } from '../outputs/quiet-output.ts';
import type { MessageOptions } from '../outputs/syslog/message.ts';
import { syslogOutput } from '../outputs/syslog/output.ts';
import { parsePlace, type SyslogPlace } from '../outputs/syslog/place.ts';
import { httpOutputMakers } from './http-outputs.ts';

const MEGABYTE = 1024 * 1024;

export interface OutputChoice {
  readonly configuration: Configuration;
  readonly json: boolean;
  readonly format: AlertFormat;
  readonly stdout: boolean;
  /** Of the command line, besides the configuration's. */
  readonly file: string | undefined;
  /** Told the first of a row of errors of an output, and where it writes to, for people. */
  readonly onError: (name: string, place: string, error: NodeJS.ErrnoException) => void;
  /** Told what goes wrong with an output over HTTP, once; `lost`: alerts are being lost. */
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

type Maker = readonly [name: string, make: () => Output | Promise<Output>];

function makersOf(choice: OutputChoice): Maker[] {
  const { configuration, json, format, stdout, file, onError } = choice;
  const { outputs_queue, file_output, program_output } = configuration;
  const lines = (name: string, place: string): LineOutputOptions => ({
    json,
    format,
    capacity: outputs_queue.capacity,
    onError: (error) => onError(name, place, error),
  });
  const makers: Maker[] = [];
  if (stdout) makers.push(['stdout', () => descriptorOutput(lines('stdout', 'standard output'))]);
  const files = new Set([file, file_output.enabled ? file_output.filename : undefined]);
  const { keep_alive: keepOpen, max_size_mb: megabytes, keep_files: keptFiles } = file_output;
  const kept = { keepOpen, mostBytes: megabytes * MEGABYTE, keptFiles };
  for (const path of files)
    if (path !== undefined) makers.push(['file', () => openFile(path, { ...lines('file', path), ...kept })]);
  if (configuration.syslog_output.enabled) makers.push(['syslog', () => syslog(choice)]);
  if (program_output.enabled) {
    const { program, keep_alive: keepAlive } = program_output;
    makers.push(['program', () => programOutput(program, { ...lines('program', 'the program'), keepAlive })]);
  }
  return [...makers, ...httpOutputMakers(choice)];
}

function syslog({ configuration, json, format: alertFormat, onError }: OutputChoice): Output {
  const { place, ...form } = syslogForm(configuration.syslog_output);
  return syslogOutput(place, {
    ...form,
    json,
    alertFormat,
    capacity: configuration.outputs_queue.capacity,
    onError: (error) => onError('syslog', 'syslog', error),
  });
}

/** Where messages go, and in which form. */
export function syslogForm({
  address,
  format,
  facility,
  ident,
}: Configuration['syslog_output']): MessageOptions & { readonly place: SyslogPlace } {
  // The configuration was checked.
  const place = parsePlace(address) ?? { kind: 'unix', path: address };
  const auto = place.kind === 'unix' ? 'rfc3164' : 'rfc5424';
  return { place, format: format === 'auto' ? auto : format, facility, ident };
}

/** With the limits that the configuration has for it. */
function spared(output: Output, { noise }: Configuration): Output {
  const { repeat, rate, burst } = noise.outputs.get(output.name) ?? noise;
  if (repeat === 0 && rate === 0) return output;
  const kindFields = noise.kind_fields.length > 0 ? noise.kind_fields : DEFAULT_KIND_FIELDS;
  return new QuietOutput(output, { repeatMs: repeat, rate, burst, kindFields });
}

function openFile(path: string, options: FileOutputOptions): Output {
  try {
    return fileOutput(path, options);
  } catch (error) {
    throw new CommandFailure(`can't write ${path}: ${reasonOf(error)}`);
  }
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
