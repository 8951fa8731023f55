// The AssemblyScript that rules become: readable, and as short as the conditions allow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateRules } from '../../../host/compiler/compile.ts';
import { readOperators } from '../../../host/compiler/emit/imports.ts';
import { CANDIDATE_RULES } from '../../../host/compiler/plan/candidate-plan.ts';
import { rulesOf } from '../../support/records/rule-module.ts';

/** The functions of the source, by name. */
function functionsOf(conditions: readonly string[]): Map<string, string> {
  const { source } = translateRules(rulesOf(conditions));
  const found = [...source.matchAll(/^(?:export )?function (\w+)\([\s\S]*?^}/gm)];
  return new Map(found.map(([text, name = '']) => [name, text]));
}

test('a rule module, whole', () => {
  const { source } = translateRules(
    rulesOf([
      'evt.type in (open, openat) and fd.name startswith /etc/ and proc.name in (cat, less) and container.id != host',
    ]),
  );
  assert.equal(
    source,
    `// 1 rule, compiled by Wasprey.

import { headerType, headerImageAddress, descriptorName, imageContainerAddress, imageComm, imageCandidates, containerId } from './rules-wasm/generated/accessors';
import { addressOf, lengthOf, orEmpty } from './rules-wasm/text';
import { nextView } from './rules-wasm/view';

// @ts-ignore: decorator
@external('env', 'match') declare function match(rule: i32, event: i32): void;
// @ts-ignore: decorator
@external('env', 'candidates') declare const candidatesOffset: u32;

// "/etc/"
function startswith_etc(text: u64): bool {
  if (lengthOf(text) < 5) return false;
  const at = addressOf(text);
  return load<u32>(at) == 0x6374652f &&
    load<u8>(at, 4) == 0x2f;
}

// "cat", "less"
function oneOf_cat_less(text: u64): bool {
  const at = addressOf(text);
  switch (lengthOf(text)) {
    case 3: {
      return load<u16>(at) == 0x6163 && load<u8>(at, 2) == 0x74;
    }
    case 4: {
      return load<u32>(at) == 0x7373656c;
    }
  }
  return false;
}

// "host"
function equals_host(text: u64): bool {
  if (lengthOf(text) != 4) return false;
  const at = addressOf(text);
  return load<u32>(at) == 0x74736f68;
}

// rule 0: rule 0 (test.yaml:1)
// on open, openat
function rule0_open_openat(event: u32, image: u32): bool {
  return startswith_etc(orEmpty(descriptorName(event)));
}

// open, openat: 1 rule
function on_open_and_1_more(event: u32): void {
  const image = headerImageAddress(event);
  const candidatesBase = image + candidatesOffset;
  let word0: u64 = imageCandidates(candidatesBase, 0) & 0x1;
  if ((word0 & 0x1) != 0 && rule0_open_openat(event, image)) match(0, event);
}

/** Tries the rules on the records in [from, to), and on their second views, and reports each match, in the order of the rules. */
export function evaluate(from: u32, to: u32): void {
  for (let event = from; event != to; event = nextView(event)) {
    switch (headerType(event)) {
      case 1: // open
      case 2: // openat
        on_open_and_1_more(event);
        break;
    }
  }
}

/** Bit n: rule 0 + n can be true of events of the process. */
function candidates0(image: u32): u64 {
  let bits: u64 = 0x0;
  // rule 0: rule 0
  if ((
    oneOf_cat_less(imageComm(image)) &&
    containerId(imageContainerAddress(image)) != 0 &&
    !equals_host(containerId(imageContainerAddress(image)))
  )) bits |= 0x1;
  return bits;
}

/** The rules that events of a process can match at all, 64 in a word. What depends on the process alone is decided here, once. */
export function candidates(process: u32, word: u32): u64 {
  switch (word) {
    case 0: return candidates0(process);
  }
  return 0;
}
`,
  );
});

test('flags are tested as numbers, whatever text a rule compares', () => {
  const functions = functionsOf([
    'evt.type = open and evt.arg.flags contains O_CREAT',
    'evt.type = ptrace and evt.arg.request = PTRACE_ATTACH',
  ]);
  assert.match(functions.get('rule0_open') ?? '', /return \(u64\(i64\(openOpenFlags\(event\)\)\) & 0x40\) == 0x40;/);
  assert.match(functions.get('rule1_ptrace') ?? '', /& 0xffffffff\) == 0x10;/);
});

test('what an event type decides is not tested', () => {
  const functions = functionsOf([
    'evt.is_open_read = true and fd.typechar exists',
    'evt.num = 0',
    'evt.type = execve and evt.dir = <',
  ]);
  const rules = [...functions.keys()].filter((name) => name.startsWith('rule'));
  // The second never holds; of the third nothing is left to test.
  assert.deepEqual(rules, ['rule0_open_openat_and_2_more']);
  assert.match(functions.get('on_execve') ?? '', /if \(\(word0 & 0x4\) != 0\) match\(2, event\);/);
});

test('rule files cannot write code into the source by their names', () => {
  const [rule] = rulesOf(['evt.type = open and proc.name = "a\\n*/ fuel"']);
  assert.ok(rule);
  const hostile = { ...rule, name: 'x\n} export function evil(): void {', file: 'a\u2028b.yaml' };
  const { source } = translateRules([hostile]);
  for (const line of source.split(/\r\n|[\n\r\u2028\u2029]/))
    assert.doesNotMatch(line, /^\s*(\} export function evil|\*\/|b\.yaml)/);
});

test('what several rules need of an event is tested once', () => {
  const condition = 'evt.type = openat and evt.is_open_write = true and fd.name startswith';
  const functions = functionsOf([`${condition} /a`, `${condition} /b`, 'evt.type = openat and fd.name startswith /c']);
  const handler = functions.get('on_openat') ?? '';
  assert.match(handler, /\/\/ of 2 rules\n {2}if \(!\(/);
  assert.match(handler, /word0 &= 0xfffffffffffffffc;/);
  assert.doesNotMatch(functions.get('rule0_openat') ?? '', /openOpenFlags/);
});

test('a rule without a candidate bit is tested whole', () => {
  const functions = functionsOf([
    ...Array.from({ length: CANDIDATE_RULES }, () => 'evt.num = 0'),
    'evt.type = open and proc.name = cat',
  ]);
  assert.match(functions.get('on_open') ?? '', /: u64 = 0x1;/);
  assert.match(functions.get(`rule${CANDIDATE_RULES}_open`) ?? '', /equals_cat\(imageComm\(image\)\)/);
});

/** The functions and constants that rules-wasm exports. */
const EXPORTED = [...readOperators().values()].flatMap((text) =>
  [...text.matchAll(/^(?:@inline )?export (?:function|const) (\w+)/gm)].map(([, name = '']) => name),
);

const CONDITIONS_OF_MANY_KINDS = [
  'evt.type = open and fd.name contains "/secret"',
  'evt.type = open and tolower(fd.name) = "/etc/shadow" and not proc.name in (cat, less)',
  'evt.type = connect and fd.sip = 10.0.0.1 and fd.sport in (22, 80)',
  'evt.type = connect and fd.snet = "fe80::/10"',
  'evt.type = openat and evt.arg.flags contains O_CREAT and fd.name startswith val(proc.cwd)',
  'evt.type = execve and proc.aname in (sshd, login) and proc.args icontains val(proc.pname)',
  'evt.type = execve and proc.env[PATH] startswith /tmp and proc.cmdline regex "a+b"',
  'evt.type = execve and len(proc.args) > 10 and concat(proc.name, "-", proc.pid) glob "*-1?"',
  'evt.type = execve and b64(proc.args) contains curl and toupper(proc.name) = BASH',
  'evt.type = execve and getopt(proc.args, "ab:")[b] = x',
  'evt.type = open and evt.res = ENOENT and user.name = root and evt.is_open_write = true',
  'evt.type = open and join("-", proc.name, evt.num) != "x" and basename(fd.name) = shadow',
];

for (const condition of CONDITIONS_OF_MANY_KINDS) {
  test(`a module imports what its code uses, and nothing else: ${condition}`, () => {
    const { source, diagnostics } = translateRules(rulesOf([condition]));
    assert.deepEqual(diagnostics, []);
    const code = source.replaceAll(/^import .*$|\/\/.*$|\/\*\*.*\*\//gm, '');
    const used = new Set(code.match(/\w+/g));
    const imported = [...source.matchAll(/^import \{ (.*) \}/gm)].flatMap(([, names = '']) => names.split(', '));
    assert.deepEqual(imported.sort(), EXPORTED.filter((name) => used.has(name)).sort());
  });
}

test('a function that only a comment names is not imported', () => {
  const { source } = translateRules(rulesOf(['evt.type = open and proc.aname = sshd']));
  assert.match(source, /^\s*\/\*\* .*\bmeets\b/m);
  assert.doesNotMatch(source, /^import .*\bmeets\b/m);
});
