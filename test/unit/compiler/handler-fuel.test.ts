// What an event costs in fuel that no rule is about: so little that a batch of them is evaluated in one attempt.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUN_LIMITS } from '../../../host/sandbox/run.ts';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';

const RULES = 100;
/** About as many as a batch of the benchmark of rules has. */
const EVENTS = 2_000;

test('many rules: a batch of opens that none of them is about takes one attempt', async () => {
  const conditions = Array.from({ length: RULES }, (_, n) =>
    n % 2 === 0
      ? `evt.type in (open, openat) and fd.directory = /etc/service-${n}`
      : `evt.type in (open, openat) and evt.is_open_write = true and proc.name = daemon-${n}`,
  );
  const module = await RuleModule.of(rulesOf(conditions));
  const { records } = module;
  const image = records.image({ id: 1n, pid: 1n }, ['bash']);
  module.setCandidates(image);
  const from = records.end;
  for (let n = 0; n < EVENTS; n++) {
    const path = `/usr/share/file-${n}`;
    records.event('openat', image, {
      kind: 0x66,
      name: path,
      raw: path,
      resolved: path,
      open_flags: 1,
      result: 3n,
      fd: 3,
    });
  }
  assert.ok(records.end - from > EVENTS * EVENT_HEADER.size);
  const once = { fuel: RUN_LIMITS.fuel, milliseconds: Number.POSITIVE_INFINITY };
  assert.deepEqual(module.evaluate(from, records.end, once), []);
});
