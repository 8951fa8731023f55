// `wasprey run` as a person uses it: as a process in a terminal's group, with its own rules, until Ctrl-C.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';

const BOOTSTRAP = join(PROJECT, 'host/setup/bootstrap.mjs');
const PATIENCE_MS = 20_000;

let folder = '';
let rules = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-run-'));
  rules = join(folder, 'rules.yaml');
  writeFileSync(
    rules,
    `
- rule: Marked file read
  desc: d
  condition: evt.type in (open, openat) and fd.name startswith ${folder}/marked
  output: "%proc.name read %fd.name"
  priority: WARNING
  tags: [live]
- rule: Marked file read once more
  desc: a second rule for the same event
  condition: evt.type in (open, openat) and fd.name startswith ${folder}/marked
  output: "again %fd.name"
  priority: DEBUG
`,
  );
});
after(() => rmSync(folder, { recursive: true }));

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
});

/** A running agent, its output line by line. */
class Agent {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Map<RegExp, (line: string) => void>();
  stderr = '';

  constructor(...words: string[]) {
    this.child = spawn(process.execPath, [BOOTSTRAP, '--needs=capture', 'host/cli/main.ts', 'run', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: PROJECT,
    });
    started.push(this.child);
    const { stdout, stderr } = this.child;
    assert.ok(stdout && stderr);
    createInterface({ input: stdout }).on('line', (line) => this.#take(line));
    createInterface({ input: stderr }).on('line', (line) => {
      this.stderr += `${line}\n`;
      this.#take(line);
    });
  }

  #take(line: string): void {
    this.#lines.push(line);
    for (const [pattern, found] of this.#waiting) if (pattern.test(line)) found(line);
  }

  /** The first line, of either stream, that matches. */
  async line(pattern: RegExp): Promise<string> {
    const known = this.#lines.find((line) => pattern.test(line));
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => reject(new Error(`no line ${pattern} in:\n${this.#lines.join('\n')}`)), PATIENCE_MS);
    this.#waiting.set(pattern, resolve);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(pattern);
    }
  }

  async watching(): Promise<void> {
    await this.line(/^wasprey: watching by/);
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

/** Reads a file that is not there under a name that the rules know: opening it is all that matters. */
function read(name: string): void {
  spawnSync('cat', [join(folder, name)]);
}

test('an alert comes within a second, and Ctrl-C ends with a summary', async () => {
  const agent = new Agent(rules);
  await agent.watching();
  const began = performance.now();
  read('marked-1');
  const line = await agent.line(/Warning cat read/);
  assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
  assert.match(line, new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{9}: Warning cat read ${folder}/marked-1$`));

  // npm passes on what the terminal has sent already.
  agent.child.kill('SIGINT');
  agent.child.kill('SIGINT');
  assert.equal(await agent.exit(), 0, agent.stderr);
  assert.match(agent.stderr, /Watched for [\d.]+ s: [\d,]+ events, \d+ alerts?, no event lost\./);
  assert.match(agent.stderr, /^ +\d+ {2}Marked file read$/m);
});

test('JSON, every matching rule, and a file as well', async () => {
  const file = join(folder, 'alerts.jsonl');
  const agent = new Agent(rules, '--json', '--rule-matching=all', '-o', file);
  await agent.watching();
  read('marked-2');
  await agent.line(/once more/);
  agent.child.kill('SIGTERM');
  assert.equal(await agent.exit(), 0, agent.stderr);
  const alerts = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    alerts.map(({ rule, priority }) => [rule, priority]),
    [
      ['Marked file read', 'Warning'],
      ['Marked file read once more', 'Debug'],
    ],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a compiled module runs, and stops by itself after the given time', async () => {
  const module = join(folder, 'rules.wasm');
  const compiled = spawnSync(process.execPath, [join(PROJECT, 'host/cli/main.ts'), 'compile', rules, '-o', module]);
  assert.equal(compiled.status, 0, String(compiled.stderr));
  const agent = new Agent('-m', module, '--duration', '1.5');
  await agent.watching();
  read('marked-3');
  await agent.line(/Warning cat read/);
  assert.equal(await agent.exit(), 0, agent.stderr);
  assert.match(agent.stderr, /Watched for 1\.[5-9] s/);
});

test('an agent whose alerts nobody reads any more ends', async () => {
  const agent = new Agent(rules);
  await agent.watching();
  agent.child.stdout?.destroy();
  read('marked-4');
  assert.equal(await agent.exit(), 0, agent.stderr);
});

test('without privilege it says what is missing, and does nothing else', () => {
  const unprivileged = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
  const { status, stdout, stderr } = spawnSync(
    'setpriv',
    [...unprivileged, BOOTSTRAP, '--needs=capture', 'host/cli/main.ts', 'run'],
    { encoding: 'utf8', cwd: PROJECT },
  );
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^wasprey: this machine lacks what the capture needs\n {2}\* loading BPF programs needs root/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});
