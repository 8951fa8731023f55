// A rule that the kernel can decide exactly matches an event if, and only if, its clauses hold of it. Rules and events are drawn.

import { describe, test } from 'node:test';
import fc from 'fast-check';
import { execEvent, otherEvent, peerEvent } from '../../support/random/enforced-records.ts';
import { randomCondition } from '../../support/random/random-conditions.ts';
import {
  exactExecCheck,
  exactOpenCheck,
  exactPeerCheck,
  joined,
} from '../../support/random/random-exact-conditions.ts';
import { openCondition } from '../../support/random/random-open-conditions.ts';
import { USUAL_NAMES } from '../../support/random/random-opens.ts';
import { rulesOf } from '../../support/records/rule-module.ts';
import { holdOpens, holdRecords, SEED } from '../../support/reference/exact-verdicts.ts';

const CONDITIONS = Number(process.env.WASPREY_TEST_CONDITIONS ?? 120);

const PROCESSES = ['proc.name = first', 'proc.name != first', 'not proc.cwd startswith /etc', 'container.id != host'];

describe(`exact rules match what their clauses say, and nothing else (seed ${SEED})`, () => {
  const drawn = (condition: fc.Arbitrary<string>): string[] =>
    fc.sample(condition, { numRuns: CONDITIONS, seed: SEED });

  const onOpens = (condition: string): string =>
    `evt.type in (open, openat, openat2, creat, open_by_handle_at) and ${condition}`;

  test('files that are opened', async () => {
    const conditions = drawn(joined(exactOpenCheck(USUAL_NAMES), PROCESSES));
    await holdOpens(rulesOf(conditions.map(onOpens)), USUAL_NAMES, CONDITIONS / 2);
  });

  test('conditions of all kinds on files: those that are exact by chance', async () => {
    await holdOpens(rulesOf(drawn(openCondition(USUAL_NAMES)).map(onOpens)), USUAL_NAMES, CONDITIONS / 20);
  });

  test('programs that are run', async () => {
    const conditions = drawn(joined(exactExecCheck, []));
    await holdRecords(
      conditions.map((condition) => `evt.type in (execve, execveat) and ${condition}`),
      execEvent,
      CONDITIONS / 4,
    );
  });

  test('connections and datagrams', async () => {
    const conditions = drawn(joined(exactPeerCheck, ['proc.name = cat', 'proc.name != cat']));
    await holdRecords(
      conditions.map((condition) => `evt.type in (connect, sendto, sendmsg) and ${condition}`),
      peerEvent,
      CONDITIONS / 2,
    );
  });

  test('conditions of all kinds on connections and programs', async () => {
    await holdRecords(drawn(randomCondition).slice(0, CONDITIONS / 2), fc.oneof(peerEvent, execEvent), 0);
  });

  test('calls of which only the type, the result and the process are known', async () => {
    const plain = ['ptrace', 'init_module', 'setns', 'bpf', 'unlink', 'mount', 'kill'].flatMap((type) => [
      `evt.type = ${type} and proc.name = cat`,
      `evt.type in (${type}, setuid) and evt.rawres >= 0 and container.id != host`,
    ]);
    await holdRecords([...plain, ...drawn(randomCondition).slice(0, CONDITIONS / 2)], otherEvent, plain.length / 2);
  });
});
