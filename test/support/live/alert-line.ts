// An alert as its JSON line has it, and the comparison of its fields with what a test expects.

import assert from 'node:assert/strict';
import { IN_ROOT_PIDS } from './live-kernel.ts';

/** A value of output_fields: integers as bigint, since times and inode numbers pass 2^53. */
export type FieldOutput = string | bigint | number | boolean | null | FieldOutput[];

/** An alert as its JSON line has it. */
export interface AlertLine {
  readonly rule: string;
  readonly priority: string;
  readonly output: string;
  readonly time: string;
  readonly hostname: string;
  readonly source: string;
  readonly tags: readonly string[];
  readonly output_fields: Readonly<Record<string, FieldOutput>>;
  /** The line as it was written. */
  readonly line: string;
}

/** Fields and the values that they should have. */
export type ExpectedFields = Readonly<Record<string, FieldOutput | number>>;

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

export function parseAlert(line: string): AlertLine {
  const integers: SourceReviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  // The reviver's third argument is not in TypeScript's library yet.
  const alert = JSON.parse(line, integers as (key: string, value: unknown) => unknown) as Omit<AlertLine, 'line'>;
  return { ...alert, line };
}

/**
 * Numbers in the root pid namespace. Where the tests run in another (a build environment), nothing there knows them: they
 * are not compared.
 */
const ROOT_NUMBERS = /^(proc\.(pid|ppid|sid|pgid|apid\[\d+\])|thread\.tid)$/;

/** Compares fields of an alert; the failure text has them all. */
export function assertFields(alert: AlertLine, all: ExpectedFields): void {
  const fields = alert.output_fields;
  const expected = Object.fromEntries(Object.entries(all).filter(([name]) => IN_ROOT_PIDS || !ROOT_NUMBERS.test(name)));
  for (const name of Object.keys(expected)) {
    assert.ok(name in fields, `the probe "${alert.rule}" does not print ${name}`);
  }
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, fields[name]]));
  const wanted = Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, normal(value)]));
  assert.deepEqual(actual, wanted, `${differences(actual, wanted)}\nall fields: ${show(fields)}`);
}

function differences(actual: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): string {
  return Object.keys(wanted)
    .filter((name) => JSON.stringify(actual[name], wide) !== JSON.stringify(wanted[name], wide))
    .map((name) => `${name} is ${JSON.stringify(actual[name], wide)}, should be ${JSON.stringify(wanted[name], wide)}`)
    .join('\n');
}

function normal(value: FieldOutput | number): FieldOutput {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

/** Whether the alert has those fields with those values. */
export function hasFields(alert: AlertLine, where: ExpectedFields): boolean {
  return Object.entries(where).every(([name, value]) => alert.output_fields[name] === normal(value));
}

/** As JSON. */
export function show(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, wide);
}

function wide(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
