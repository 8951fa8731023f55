// wasprey generate, short of an agent: which actions there are to choose, what a run does and leaves, and whose alert an alert is.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Action, Scene } from '../../../host/generate/actions/action.ts';
import { create, makeDirectory, read, spawn as spawnStep } from '../../../host/generate/actions/steps.ts';
import { followAlerts, listenForAlerts } from '../../../host/generate/alert-source.ts';
import { AlertWatch } from '../../../host/generate/alert-watch.ts';
import { obstacle } from '../../../host/generate/obstacle.ts';
import { newScene, perform } from '../../../host/generate/perform.ts';
import { thisPlace } from '../../../host/generate/place.ts';
import { parseAlert } from '../../../host/generate/seen-alert.ts';
import { selectActions } from '../../../host/generate/select.ts';
import { MAIN, wasprey } from '../../support/command-line.ts';
import { actProgram } from '../../support/live/live-act.ts';
import { until } from '../../support/until.ts';

let folder = '';
before(() => {
  actProgram();
  folder = mkdtempSync(join(tmpdir(), 'wasprey-generate-'));
});
after(() => rmSync(folder, { recursive: true }));

function generate(...words: string[]) {
  return wasprey('generate', ...words);
}

const HARMLESS: Action = {
  name: 'harmless',
  description: 'does nothing',
  where: 'any',
  rules: ['None'],
  steps: () => [['getppid']],
};

describe('the command line', () => {
  test('lists the actions with place, description and rules, as a table and as JSON', () => {
    const { status, stdout } = generate('--list');
    assert.equal(status, 0);
    assert.match(stdout, /^ {2}clear-log +any +empties a file .*\(Clear Log Activities\)$/m);
    const [line = ''] = generate('--list', '--json', 'clear-l*').stdout.split('\n');
    const { name, where, rules } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual({ name, where, rules }, { name: 'clear-log', where: 'any', rules: ['Clear Log Activities'] });
  });
  test("refuses names that no action has, and options that don't fit, with a suggestion", () => {
    for (const [words, message] of [
      [['clear-lag'], /unknown action clear-lag\n {2}did you mean clear-log\?/],
      [['clear-log', 'x*'], /no action matches x\*/],
      [['--alerts', 'x'], /--alerts is for --verify/],
      [['--rules', 'x'], /--rules is for --verify/],
      [['--interval', '1'], /--interval is for --loop/],
      [['--verify', '--alerts', 'x', '--listen', 'y:1'], /exclude each other/],
      [['--verify', '--listen', 'localhost'], /--listen can't be 'localhost'/],
      [['--place', 'moon'], /--place can't be 'moon'/],
    ] as const) {
      const { status, stderr } = generate(...words);
      assert.match(stderr, message);
      assert.equal(status, 2, stderr);
    }
    assert.match(
      generate('--verify', '--alerts', '/nonexistent/x').stderr,
      /can't read \/nonexistent\/x: no such file/,
    );
  });
  test('says what it is about to do, and what came of it; nothing is left', () => {
    const { status, stdout, stderr } = generate('clear-log', 'link-to-*');
    assert.equal(stdout, 'done      clear-log\ndone      link-to-sensitive-folder\n');
    assert.match(stderr, /^wasprey: clear-log: empties a file called syslog/m);
    assert.match(stderr, /^wasprey: 2 done$/m);
    assert.equal(status, 0);
  });
  test('names what is skipped with the reason, and does not count it', () => {
    const { status, stdout, stderr } = generate('--place', 'host', 'run-debugfs', 'clear-log', '--json');
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    assert.deepEqual(
      results.find((result) => 'why' in result),
      {
        action: 'run-debugfs',
        result: 'skipped',
        why: 'it needs a container',
      },
    );
    assert.match(stderr, /1 done, 1 skipped/);
    assert.equal(status, 0);
  });
  test('repeats until it is stopped, and removes then what an action in progress has made', async () => {
    const run = spawn(
      process.execPath,
      [MAIN, 'generate', 'clear-log', 'read-sensitive-file-after-startup', '--loop'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, TMPDIR: folder },
      },
    );
    await untilSaid(run, 'wasprey: read-sensitive-file-after-startup');
    await until(() => readdirSync(folder).length > 0);
    run.kill('SIGINT');
    const [status] = await once(run, 'exit');
    assert.equal(status, 0, 'a loop ends by being stopped');
    assert.deepEqual(readdirSync(folder), []);
  });
});

/** Resolves when the process has said it; what it says after that is read too. */
function untilSaid({ stderr }: ChildProcess, text: string): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    stderr?.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes(text)) resolve();
    });
    stderr?.on('end', () => reject(new Error(`it ended without saying "${text}": ${said}`)));
  });
}

describe('selecting and skipping', () => {
  test('patterns choose in the order of the list, each action once', () => {
    const actions = ['one', 'two', 'three'].map((name) => ({ ...HARMLESS, name }));
    const names = (patterns: string[]) => selectActions(patterns, actions).map(({ name }) => name);
    assert.deepEqual(names([]), ['one', 'two', 'three']);
    assert.deepEqual(names(['t*', 'one', 'two']), ['one', 'two', 'three']);
    assert.throws(() => names(['four']), { word: 'four' });
  });
  test('an action is skipped for what its place lacks, and for nothing else', () => {
    const place = { ...thisPlace('container'), uid: 1000, capabilities: new Set(['CAP_KILL']) };
    const why = (action: Partial<Action>) => obstacle({ ...HARMLESS, ...action }, place);
    assert.equal(why({}), undefined);
    assert.equal(
      why({ where: 'container', needs: { capabilities: ['KILL'], programs: ['sh'], files: ['/'] } }),
      undefined,
    );
    assert.match(why({ where: 'host' }) ?? '', /needs the host/);
    assert.match(why({ needs: { root: true } }) ?? '', /root/);
    assert.match(why({ needs: { privileged: true } }) ?? '', /privileged/);
    assert.match(why({ needs: { capabilities: ['KILL', 'SYS_ADMIN'] } }) ?? '', /CAP_SYS_ADMIN/);
    assert.match(why({ needs: { programs: ['no-such-program'] } }) ?? '', /no-such-program/);
    assert.match(why({ needs: { files: ['/no/such/file'] } }) ?? '', /\/no\/such\/file/);
  });
});

describe('performing', () => {
  const place = thisPlace('host');
  const steps = ({ directory }: Scene) => [makeDirectory(`${directory}/in`), ...create(`${directory}/in/file`)];
  test('what is made is removed, in the folder and outside', async () => {
    const outside = ({ marker }: Scene) => [`${folder}/left-${marker}`];
    const scene = newScene(place);
    const paths = outside(scene);
    const result = await perform(
      {
        steps: (own) => [...steps(own), ...create(outside(own)[0] ?? ''), spawnStep('test', '-s', paths[0] ?? '')],
        leaves: outside,
      },
      place,
      undefined,
      scene,
    );
    assert.deepEqual([result.failure, result.refused], [undefined, []]);
    assert.deepEqual([existsSync(scene.directory), existsSync(paths[0] ?? '')], [false, false]);
  });
  test('the reason is reported when it fails, and what it made is removed', async () => {
    const { scene, failure, refused } = await perform(
      { steps: (own) => [...steps(own), read('/nonexistent/file'), spawnStep('no-such-program')] },
      place,
    );
    assert.match(failure ?? '', /no-such-program could not be started/);
    assert.deepEqual(refused, ['openat: ENOENT']);
    assert.ok(!existsSync(scene.directory));
  });
  test('a stop ends it, with all that it has started, and what it made is removed', async () => {
    const controller = new AbortController();
    const scene = newScene(place);
    const running = perform(
      { steps: (own) => [...steps(own), spawnStep('sleep', '60')] },
      place,
      controller.signal,
      scene,
    );
    await until(() => existsSync(`${scene.directory}/in/file`));
    controller.abort();
    assert.equal((await running).failure, 'stopped');
    assert.ok(!existsSync(scene.directory));
  });
  test('an action that would remove what is not its own is refused before it acts', async () => {
    await assert.rejects(perform({ steps: () => [], leaves: () => ['/etc/passwd'] }, place), /not the action's own/);
    assert.ok(existsSync('/etc/passwd'));
  });
});

describe('whose alert it is', () => {
  const alert = (rule: string, marker: string) =>
    JSON.stringify({ rule, output: 'x', output_fields: { 'proc.cmdline': `act ${marker}` } });
  /** The rules that are missing after these lines. */
  async function missing(rules: readonly string[], lines: readonly string[]): Promise<readonly string[]> {
    const watch = new AlertWatch();
    const expected = watch.expect(rules, 'w1');
    for (const seen of lines.map(parseAlert)) if (seen) watch.take(seen);
    return expected.wait(10);
  }
  test('rule and marker must both be right, and all rules must come', async () => {
    assert.deepEqual(await missing(['A'], [alert('A', 'w1')]), []);
    assert.deepEqual(await missing(['A'], [alert('A', 'w2'), alert('B', 'w1')]), ['A']);
    assert.deepEqual(await missing(['A', 'B'], [alert('B', 'w1')]), ['A']);
    assert.deepEqual(await missing(['A', 'B'], [alert('B', 'w1'), alert('A', 'w1')]), []);
  });
  test('a line that is not an alert is not read as one', () => {
    for (const line of ['', 'text', '7', 'null', '[]', '{}', '{"rule":1}', '{"rule":"A"']) {
      assert.equal(parseAlert(line), undefined, line);
    }
  });
  test('a file is followed from its end, through being emptied and replaced; other lines are counted', async () => {
    const path = join(folder, 'alerts.json');
    writeFileSync(path, `${alert('Before', 'w1')}\n`);
    const watch = new AlertWatch();
    const before = watch.expect(['Before'], 'w1');
    const source = followAlerts(path, watch);
    const came = async (rule: string, write: () => void) => {
      const expected = watch.expect([rule], 'w1');
      write();
      assert.deepEqual(await expected.wait(5000), []);
    };
    await came('A', () => appendFileSync(path, `no alert\n${alert('A', 'w1')}\n`));
    await came('B', () => writeFileSync(path, `${alert('B', 'w1')}\n`));
    await came('C', () => {
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${alert('C', 'w1')}\n`);
    });
    assert.deepEqual(await before.wait(1), ['Before']);
    assert.equal(source.unreadable, 1);
    await source.close();
  });
  test('a fifo is read whether or not somebody writes to it', async () => {
    const path = join(folder, 'alerts.fifo');
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    const watch = new AlertWatch();
    const source = followAlerts(path, watch);
    const expected = watch.expect(['A', 'B'], 'w1');
    for (const rule of ['A', 'B']) appendFileSync(path, `${alert(rule, 'w1')}\n`);
    assert.deepEqual(await expected.wait(5000), []);
    assert.equal(source.failure, undefined);
    await source.close();
  });
  test('what is posted is taken, one alert or a line each; what is too long is refused', async () => {
    const watch = new AlertWatch();
    const source = await listenForAlerts('127.0.0.1', 0, watch);
    const post = async (body: string) =>
      (await fetch(`http://127.0.0.1:${source.port}/`, { method: 'POST', body })).status;
    const expected = watch.expect(['A', 'B', 'C'], 'w1');
    assert.equal(await post(JSON.stringify(JSON.parse(alert('A', 'w1')), undefined, 2)), 200);
    assert.equal(await post(`${alert('B', 'w1')}\n${alert('C', 'w1')}\n`), 200);
    assert.deepEqual(await expected.wait(5000), []);
    const refused = await post('x'.repeat(2 << 20)).catch(() => 413); // the answer may come before the body was read
    assert.equal(refused, 413);
    await source.close();
  });
});
