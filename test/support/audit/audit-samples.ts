// Audit events with what Falco says to each: those of the corpus, which are this project's, and those of Falco's own tests where they are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { findAuditSamples } from '../falco-data.ts';
import type { ShownValue } from './audit-rules.ts';

export interface ExpectedEvent {
  /** False: the line is refused. */
  readonly event?: false;
  readonly first: readonly string[];
  readonly all: readonly string[];
  readonly fields: Readonly<Record<string, ShownValue>>;
}

interface Expected {
  readonly fields_asked: readonly string[];
  readonly files: Readonly<Record<string, readonly ExpectedEvent[]>>;
}

export interface AuditSample {
  readonly place: string;
  readonly line: string;
  readonly event: ExpectedEvent;
}

const CORPUS = join(PROJECT, 'test/conformance/corpus/audit');
const unpacked = (name: string): string => gunzipSync(readFileSync(join(CORPUS, `${name}.gz`))).toString();
const ours: Expected = JSON.parse(unpacked('expected.json'));

/** The fields of which `ExpectedEvent` has the values. */
export const FIELDS_ASKED = ours.fields_asked;

/** This project's. */
export const OUR_SAMPLES: readonly AuditSample[] = samplesOf(ours, unpacked);

/** The same, with those of Falco's tests where they are. */
export const ALL_SAMPLES: readonly AuditSample[] = [...OUR_SAMPLES, ...samplesOfFalco()];

function samplesOfFalco(): AuditSample[] {
  const folder = findAuditSamples();
  if (folder === undefined) return [];
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const { fields_asked: asked, files }: Expected = JSON.parse(read('expected.json'));
  assert.deepEqual(asked, FIELDS_ASKED);
  const others = Object.entries(files).filter(([name]) => !(name in ours.files));
  return samplesOf({ fields_asked: asked, files: Object.fromEntries(others) }, read);
}

function samplesOf({ files }: Expected, read: (name: string) => string): AuditSample[] {
  return Object.entries(files).flatMap(([file, events]) => {
    const lines = read(file)
      .split('\n')
      .filter((line) => line.trim() !== '');
    assert.equal(lines.length, events.length, file);
    return lines.map((line, index) => {
      const event = events[index];
      assert.ok(event);
      return { place: `${file}, event ${index + 1}`, line, event };
    });
  });
}
