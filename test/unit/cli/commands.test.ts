// The command line as a person meets it: a process with arguments, two streams and an exit status.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { MAIN, waspreyIn } from '../../support/command-line.ts';

const ESCAPE = String.fromCharCode(27);

const GOOD = `
- list: shells
  items: [bash, sh]
- macro: spawned
  condition: evt.type = execve and evt.res = SUCCESS
- rule: Shell
  desc: a shell
  condition: spawned and proc.name in (shells)
  output: shell %proc.cmdline
  priority: NOTICE
  tags: [shell, process]
`;
const BAD = GOOD.replace('proc.name', 'proc.nmae');

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-cli-'));
  writeFileSync(join(folder, 'good.yaml'), GOOD);
  writeFileSync(join(folder, 'bad.yaml'), BAD);
  writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0, 0x61, 0x73, 0x6d, 0xff, 0xfe]));
  mkdirSync(join(folder, 'empty'));
});
after(() => rmSync(folder, { recursive: true }));

function wasprey(...words: string[]) {
  const ended = waspreyIn({ cwd: folder }, ...words);
  assert.ok(!(ended.stdout + ended.stderr).includes(ESCAPE), 'colour without a terminal');
  return ended;
}

test("the npm package's program runs the command line, from any folder, and gives its status", () => {
  const { bin } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const run = (...words: string[]) => spawnSync(join(PROJECT, bin.wasprey), words, { encoding: 'utf8', cwd: folder });
  const good = run('validate', 'good.yaml');
  assert.equal(good.status, 0, good.stderr);
  assert.equal(good.stdout, wasprey('validate', 'good.yaml').stdout);
  assert.equal(run('validate', 'absent.yaml').status, 1);
});

test('help goes to stdout and is not an error, in each of its forms', () => {
  const { status, stdout, stderr } = wasprey('--help');
  assert.equal(status, 0);
  assert.equal(stderr, '');
  for (const name of ['run', 'compile', 'validate', 'lint', 'explain', 'list'])
    assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  assert.equal(wasprey('help').stdout, stdout);
  assert.equal(wasprey('help', 'list').stdout, wasprey('list', '-h').stdout);
});

test('every command has help with examples', () => {
  for (const name of ['run', 'compile', 'validate', 'lint', 'explain', 'list']) {
    const { status, stdout } = wasprey(name, '--help');
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Usage: wasprey ${name} `));
    assert.match(stdout, /^Examples:\n {2}wasprey /m);
  }
});

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  assert.deepEqual(wasprey('--version'), { status: 0, stdout: `wasprey ${version}\n`, stderr: '' });
});

test('wrong arguments: status 2, the reason and a hint on stderr', () => {
  for (const [words, message] of [
    [['validat'], /unknown command validat\n {2}did you mean validate\?\n {2}see: wasprey --help/],
    [['--verbose'], /unknown option --verbose/],
    [['list', 'events', '--nams'], /unknown option --nams\n {2}did you mean --names\?\n {2}see: wasprey list --help/],
    [['list', 'event'], /can't list event\n {2}did you mean events\?/],
    [['compile', 'good.yaml'], /missing output file\n {2}add -o/],
    [['validate'], /missing rule files/],
    [[], /Usage: wasprey COMMAND/],
  ] as const) {
    const { status, stdout, stderr } = wasprey(...words);
    assert.equal(status, 2, words.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
  }
});

test('files that editors leave beside a rule file are not read as rules', () => {
  const edited = join(folder, 'edited');
  mkdirSync(edited);
  copyFileSync(join(folder, 'good.yaml'), join(edited, 'good.yaml'));
  symlinkSync('somebody@somewhere.1234:5678', join(edited, '.#good.yaml'));
  for (const name of ['.good.yaml.swp', 'good.yaml~', '#good.yaml#']) writeFileSync(join(edited, name), '[');
  assert.deepEqual(wasprey('validate', 'edited'), { status: 0, stdout: '1 file, 1 rule: valid\n', stderr: '' });
});

test('one document of the configuration is printed at a time', () => {
  const { status, stderr } = wasprey('config', '--schema', '--markdown');
  assert.equal(status, 2);
  assert.match(stderr, /--schema and --markdown exclude each other/);
});

test('good rules are valid', () => {
  assert.deepEqual(wasprey('validate', 'good.yaml'), { status: 0, stdout: '1 file, 1 rule: valid\n', stderr: '' });
});

test('a bad rule is shown in its place, with status 1', () => {
  const { status, stderr } = wasprey('validate', 'bad.yaml');
  assert.equal(status, 1);
  assert.match(stderr, /^error\[LOAD_ERR_COMPILE_CONDITION\]: .*proc\.nmae/);
  assert.match(stderr, /--> bad\.yaml:8:\d+\n/);
  assert.match(stderr, /help: did you mean proc\.name\?/);
});

test('a definition that only a later file uses is not called unused', () => {
  writeFileSync(join(folder, '1-shared.yaml'), '- macro: spawned\n  condition: evt.type = execve\n');
  writeFileSync(
    join(folder, '2-rules.yaml'),
    '- rule: R\n  desc: d\n  condition: spawned and proc.name = x\n  output: o\n  priority: INFO\n',
  );
  assert.equal(wasprey('validate', '1-shared.yaml', '2-rules.yaml').stderr, '');
  assert.match(wasprey('validate', '1-shared.yaml').stderr, /LOAD_UNUSED_MACRO/);
});

test('files that can not be read are named with the reason', () => {
  assert.match(wasprey('validate', 'nowhere.yaml').stderr, /can't read nowhere\.yaml: no such file or directory/);
  assert.match(wasprey('validate', 'empty').stderr, /empty has no rule files/);
  assert.match(
    wasprey('validate', 'binary.yaml').stderr,
    /binary\.yaml is not valid UTF-8\n {2}run compiled modules with/,
  );
  writeFileSync(join(folder, 'latin.yaml'), Buffer.from(`# caf\u00e9\n${GOOD}`, 'latin1'));
  assert.match(wasprey('validate', 'latin.yaml').stderr, /latin\.yaml is not valid UTF-8\n {2}is it the right file\?/);
  assert.match(
    wasprey('validate', '/dev/zero').stderr,
    /\/dev\/zero has more than 32 MB\n {2}that is the limit for rule files/,
  );
  assert.equal(wasprey('validate', 'nowhere.yaml').status, 1);
});

test('compile writes a module that the sandbox accepts, and nothing for bad rules', () => {
  const { status, stderr } = wasprey('compile', 'good.yaml', '-o', 'out.wasm', '--emit-source', 'out.ts');
  assert.equal(status, 0, stderr);
  compileRuleModule(readFileSync(join(folder, 'out.wasm')));
  assert.match(readFileSync(join(folder, 'out.ts'), 'utf8'), /Shell/);
  assert.equal(wasprey('compile', 'bad.yaml', '-o', 'bad.wasm').status, 1);
  assert.throws(() => readFileSync(join(folder, 'bad.wasm')), { code: 'ENOENT' });
  assert.match(wasprey('compile', 'good.yaml', '-o', 'no/such/out.wasm').stderr, /can't write no\/such\/out\.wasm/);
});

test('list rules, fields and events', () => {
  assert.match(wasprey('list', 'rules', 'good.yaml').stdout, /^ {2}Shell +Notice +process shell\n$/);
  assert.deepEqual(wasprey('list', 'fields', 'proc.cmdline', '--names').stdout, 'proc.cmdline\n');
  const openat = JSON.parse(wasprey('list', 'events', 'openat2', '--json').stdout);
  assert.equal(openat.name, 'openat2');
  assert.equal(openat.captured, true);
  const nothing = wasprey('list', 'fields', 'no.such');
  assert.equal(nothing.status, 1);
  assert.equal(nothing.stdout, '');
});

test('the reference of fields has a row for each, with who supplies it or why no one does', () => {
  const { status, stdout } = wasprey('list', 'fields', '--markdown');
  assert.equal(status, 0);
  const rows = new Map(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => {
        const cells = line.split(/(?<!\\) \| /);
        assert.equal(cells.length, 4, line);
        return [/`([^`[?]+)/.exec(line)?.[1], cells.at(-1)?.replace(/ \|$/, '')];
      }),
  );
  const fields = FIELDS.filter(({ tableOnly }) => !tableOnly);
  assert.deepEqual([...rows.keys()].sort(), fields.map(({ name }) => name).sort());
  for (const { name, source } of fields) {
    if (source.from === 'none') assert.equal(rows.get(name)?.replaceAll('\\', ''), `not available: ${source.why}`);
    else
      assert.match(
        rows.get(name) ?? '',
        /^(capture|reader|output|container runtime|Kubernetes|the API server|the machine's files)$/,
      );
  }
  const supplied = ['fd.num', 'user.name', 'evt.time', 'proc.fdopencount', 'container.image', 'k8s.ns.name'];
  assert.deepEqual(
    supplied.map((name) => rows.get(name)),
    ['capture', 'reader', 'output', "the machine's files", 'container runtime', 'Kubernetes'],
  );
  assert.match(stdout, /^\| `proc\.aname\[N\]\?` \| CHARBUF \| /m);
  assert.match(stdout, /^## Container\n/m);
});

test('the reference of events has a row for each, with its parameters in order', () => {
  const { stdout } = wasprey('list', 'events', '--markdown');
  assert.match(stdout, /^\| `dup2` \| makes \| `res` FD, `oldfd` FD, `newfd` FD \|$/m);
  assert.match(stdout, /^\| `unlinkat` \| works on \| `res` ERRNO, .* `flags` FLAGS32 \|$/m);
  assert.equal(stdout.match(/^\| `/gm)?.length, EVENT_TYPES.length);
  assert.match(wasprey('list', 'events', '--markdown', '--json').stderr, /exclude each other/);
  assert.match(wasprey('list', 'rules', '--markdown').stderr, /--markdown is for fields and events/);
});

test('a reader that goes away early is not an error', () => {
  const { status, stderr } = spawnSync(
    'bash',
    ['-o', 'pipefail', '-c', '"$0" "$1" list fields --json | head -n 1 >/dev/null', process.execPath, MAIN],
    {
      encoding: 'utf8',
    },
  );
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});
