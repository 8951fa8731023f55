// Process images find no room while the agent does not run: the process that takes most of it, or the user, loses its own, and
// processes without are looked at when they do something.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAGE_RULE } from '../../host/agent/watches/image-watch.ts';
import { CPUS } from '../support/live/cpus.ts';
import { act, actProgram, startAct, str } from '../support/live/live-act.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { openRule, rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunAlert, type RunProcess, startRun } from '../support/live/run-process.ts';
import { STORMS, startStorm } from '../support/live/storm.ts';

/** Executions, each with so large an environment that the records of all of them don't fit into 8 MB. */
const EXECUTIONS = 3000;
const ENVIRONMENT = 4000;
const PATIENCE_MS = 30_000;

const { directory, rules } = rulesFileForTests((path) =>
  openRule({
    name: 'Marked',
    path: `${path}/marked`,
    output: '%fd.name by %proc.name at %proc.exepath in %proc.cwd for %user.uid',
  }),
);

/** Fields of the first alert with that text in its message. */
function alertWith(agent: RunProcess, text: string): RunAlert['output_fields'] | undefined {
  return agent.alerts().find(({ output }) => output.includes(text))?.output_fields;
}

/** Waits until there is room for images again: until a new process is known. */
async function isDrained(agent: RunProcess): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let attempt = 0; performance.now() < deadline; attempt++) {
    const path = `${directory}/marked-fence${attempt}-`;
    await act([['openat', AT_FDCWD, str(path), O.RDONLY]]);
    const fields = await agent.until('an alert', () => alertWith(agent, path));
    if (fields['proc.name'] === 'act') return;
  }
  assert.fail('new processes are still not known');
}

test('they are known by their first call, a native one or a 32-bit one', async () => {
  await using agent = startRun(rules, '--json');
  await agent.watches();
  agent.kill('SIGSTOP');
  await act([
    ['@env', `FILLS=${'x'.repeat(ENVIRONMENT)}`],
    ['@loop', EXECUTIONS],
    ['@spawn', '/bin/true'],
  ]);
  const running = ['', 'int80:'].map((way) =>
    startAct([['@wait'], [`${way}openat`, AT_FDCWD, str(`${directory}/marked-${way}`), O.RDONLY]]),
  );
  for (const each of running) await each.place();
  agent.kill('SIGCONT');
  await isDrained(agent);
  for (const each of running) {
    each.goOn();
    await each.end();
  }
  for (const path of [`${directory}/marked- `, `${directory}/marked-int80: `]) {
    const fields = await agent.until(`an alert of ${path}`, () => alertWith(agent, path));
    assert.deepEqual([fields['proc.name'], fields['proc.exepath']], ['act', actProgram()], path);
  }
});

/** Rounds whose records fill the ring, which nobody reads, twice: a round has two records or three, of 280 bytes at least. */
const ROUNDS = { setsid: 20_000, exec: 5_000, users: 5_000, bomb: 30_000 } as const;
const STORM_SECONDS = 60;
const OTHERS = 20;
const USER = 1234;

for (const storm of ['setsid', 'exec', 'users', 'bomb'] as const) {
  test(`a storm takes nobody else's room, and its losses are reported: ${STORMS[storm]}`, async () => {
    await using agent = startRun(rules, '--json');
    await agent.watches();
    agent.kill('SIGSTOP');
    const rounds = await startStorm(storm, CPUS, STORM_SECONDS, ROUNDS[storm]).ended;
    assert.ok(rounds >= ROUNDS[storm], `${rounds} rounds: the storm was too slow`);
    const paths = Array.from({ length: OTHERS }, (_, number) => `${directory}/marked-${storm}-${number}-`);
    for (const path of paths)
      await act([
        ['@user', USER],
        ['chdir', str('/usr')],
        ['openat', AT_FDCWD, str(path), O.RDONLY],
      ]);
    agent.kill('SIGCONT');
    // A batch is evaluated processor by processor: the alert of the last one may be the first.
    const seen: RunAlert['output_fields'][] = [];
    for (const path of paths) seen.push(await agent.until(`an alert of ${path}`, () => alertWith(agent, path)));
    const message = `${rounds} rounds; the last ${JSON.stringify(seen.at(-1))}`;
    const facts = seen.map((fields) => [fields['proc.name'], fields['user.uid'], fields['proc.cwd']]);
    // Their changes as well: a user of its own has a share of its own.
    assert.deepEqual(facts, Array(OTHERS).fill(['act', USER, '/usr/']), message);
    const [loss] = await agent.until('an alert of the loss', () => {
      const losses = agent.alerts(IMAGE_RULE);
      return losses.length > 0 && losses;
    });
    assert.equal(loss?.priority, 'Critical');
    assert.ok(Number(loss?.output_fields.n_images_lost) > 0, loss?.output);
  });
}
