// What a kind of output is: its name, the keys of its section of the configuration, and how it is made from their values.

import type { FlagDefinition, KeyTable, SectionDefinition, SectionValue } from '../../config-values/value-types.ts';
import type { AlertFormat } from '../alert.ts';
import type { LineOutputOptions } from '../line-output.ts';
import type { Output } from '../output.ts';

interface OutputKeys extends KeyTable {
  readonly enabled: FlagDefinition;
}

/** The values of its keys, whichever kind it is. */
export type OutputValues = { readonly enabled: boolean } & Readonly<Record<string, unknown>>;

export interface OutputKind {
  /** For messages and metrics; its section of the configuration is `NAME_output`. */
  readonly name: string;
  readonly keys: SectionDefinition;
  /** The key that must have a value where the output is on. */
  readonly needs?: string;
  /** It keeps on disk what it can't deliver: one that goes on from there can be opened only when the one before is closed. */
  readonly isSpooled?: true;
  /** Values that can't be used. */
  check?(values: OutputValues): readonly WrongValue[];
  /** @throws {CommandFailure} or rejects with it, for a file or an address that can't be used */
  make(values: OutputValues, context: OutputContext): Output | Promise<Output>;
}

interface WrongValue<Key extends string = string> {
  readonly key: Key;
  /** What it may be. */
  readonly help: string;
}

/** An output with the exact types of the name and the keys, by which its functions get their values typed. */
interface DefinedOutput<Name extends string, Keys extends OutputKeys> {
  readonly name: Name;
  readonly keys: SectionDefinition<Keys>;
  readonly needs?: keyof Keys & string;
  readonly isSpooled?: true;
  check?(values: SectionValue<Keys>): readonly WrongValue<keyof Keys & string>[];
  make(values: SectionValue<Keys>, context: OutputContext): Output | Promise<Output>;
}

/** What all outputs of a run have in common. */
export interface OutputContext {
  readonly json: boolean;
  readonly format: AlertFormat;
  /** Alerts that may wait; 0: some thousands. */
  readonly capacity: number;
  /** Undefined: what is not delivered waits in memory. */
  readonly spool: { readonly folder: string; readonly mostBytes: number } | undefined;
  /** Called with the first of a row of errors, and where the output writes to, for people. */
  readonly onError: (place: string, error: NodeJS.ErrnoException) => void;
  /** Called with a message for people when delivery over HTTP begins to fail or works again; `lost`: alerts are being lost. */
  readonly onTrouble: (message: string, lost: boolean) => void;
}

/** Keeps the exact types of the name and the keys. */
export function defineOutput<const Name extends string, const Keys extends OutputKeys>(
  kind: DefinedOutput<Name, Keys>,
): DefinedOutput<Name, Keys> {
  return kind;
}

/** The key of the configuration that holds its keys. */
export function outputSection<Name extends string>({ name }: { readonly name: Name }): `${Name}_output` {
  return `${name}_output`;
}

/** The values of an output's keys. */
export function outputValues(kind: OutputKind, configuration: Readonly<Record<string, unknown>>): OutputValues {
  // The configuration is read by the keys of each kind, which TypeScript can't follow.
  return configuration[outputSection(kind)] as OutputValues;
}

/** Options of an output that writes lines. */
export function lineOptions({ json, format, capacity, onError }: OutputContext, place: string): LineOutputOptions {
  return { json, format, capacity, onError: (error) => onError(place, error) };
}
