// Tuning: proposed exceptions are valid rules, and applied they hold back exactly the alerts that they were proposed for.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { triedRules } from '../../../host/agent/rules/tried-modules.ts';
import { findHistory } from '../../../host/journal/history.ts';
import { AlertGroups } from '../../../host/journal/tuning/alert-groups.ts';
import { AUDIT_ASPECTS, CALL_ASPECTS } from '../../../host/journal/tuning/aspects.ts';
import { exceptionYaml, isWritable } from '../../../host/journal/tuning/exception-yaml.ts';
import { proposalsFor } from '../../../host/journal/tuning/proposals.ts';
import { findProposals, tryProposals } from '../../../host/journal/tuning/tune.ts';
import { tunedCalls } from '../../../host/journal/tuning/tuned-calls.ts';
import { alertsOf, backtestOn } from '../../support/records/backtests.ts';
import { event, moduleOf, process as processImage } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const RULE = 'Read below /etc: "secrets"';
const RULES = `
- list: vpn_binaries
  items: [openvpn, wireguard]
- list: one_tool
  items: [bash]
- rule: ${JSON.stringify(RULE)}
  desc: d
  condition: evt.type = openat and fd.name startswith /etc
  output: "%fd.name by %proc.name"
  priority: WARNING
- rule: Any open
  desc: d
  condition: evt.type = openat
  output: "%fd.name"
  priority: INFO
`;

const LIST_NAMES = ['vpn_binaries', 'one_tool'];

test('of an alert only what an exception may have is kept, and no long value', () => {
  const groups = new AlertGroups(AUDIT_ASPECTS);
  const long = 'a'.repeat(200_000);
  groups.add(
    new Map([
      ['ka.user.name', 'alice'],
      ['ka.target.name', long],
      ['jevt.obj', long],
    ]),
  );
  groups.add(
    new Map([
      ['ka.user.name', 'alice'],
      ['ka.target.name', `${long}a`],
    ]),
  );
  assert.deepEqual(groups.groups, [{ values: new Map([['ka.user.name', 'alice']]), alerts: 2 }]);
});

/** Program, its parent, the file, and how often. */
type Reads = readonly [program: string, parent: string, file: string, times: number];

function recording(reads: readonly Reads[], { container }: { container?: string } = {}): Buffer {
  const images: Uint8Array[] = [];
  const events: Uint8Array[] = [];
  for (const [program, parent, file, times] of reads) {
    const id = images.length + 1;
    const names = { user: 'root', ...(container !== undefined && { container, containerType: 'docker' }) };
    images.push(logEntry(processImage(id, { comm_bytes: parent, pid: 5000 + id }), names));
    const executable = `/usr/bin/${program}`;
    images.push(logEntry(processImage(id + 1, { comm_bytes: program, executable, parent: id, pid: 6000 + id }), names));
    for (let time = 0; time < times; time++) {
      const input = { kind: 'f'.charCodeAt(0), dirfd: -100, raw: file, resolved: file, sequence: events.length };
      events.push(event('openat', id + 1, input));
    }
  }
  return writeBlocks([{ payload: payloadOf(images, events), events: events.length }]).bytes;
}

const CASES: Readonly<Record<string, readonly Reads[]>> = {
  'one noisy program, and something rare': [
    ['backup', 'cron', '/etc/passwd', 300],
    ['backup', 'cron', '/etc/group', 200],
    ['cat', 'bash', '/etc/shadow', 2],
  ],
  'many files of one program, of one parent': [
    ...Array.from({ length: 40 }, (_, index): Reads => ['backup', 'cron', `/etc/file-${index}`, 10]),
    ['backup', 'bash', '/etc/shadow', 1],
  ],
  'names that need quotes': [
    ['a b', 'c=d', '/etc/with space (and more), = {x: y} # z', 50],
    ['cat', 'bash', '/etc/shadow', 1],
  ],
  'names that conditions have a meaning for': [
    ['and', 'not', '/etc/in', 50],
    ['tolower(proc.name)', 'val(x)', '/etc/*', 50],
    ['true', 'null', '/etc/0x10', 50],
    ['cat', 'bash', '/etc/shadow', 1],
  ],
  'names of lists, which would be replaced by their items': [
    ['vpn_binaries', 'one_tool', '/etc/group', 50],
    ['x', 'x one_tool y', '/etc/a=vpn_binaries,b', 50],
    ['cat', 'bash', '/etc/shadow', 5],
  ],
  'texts that no exception can have': [
    ['quo"te', 'back\\slash', '/etc/new\nline', 50],
    ['cat', 'bash', '/etc/shadow', 5],
  ],
};

for (const [name, reads] of Object.entries(CASES)) {
  test(`applied, exactly the proposed alerts are gone: ${name}`, async () => {
    using folder = new Folder();
    const path = folder.file('reads.wsp');
    writeFileSync(path, recording(reads));
    const { files } = findHistory([path]);
    const module = await moduleOf(RULES);
    const rules = triedRules([module], 'first');
    const { alerts, proposals } = await findProposals(tunedCalls(files), rules, RULE, LIST_NAMES);
    assert.equal(
      alerts,
      reads.reduce((sum, [, , , times]) => sum + times, 0),
    );
    assert.ok(proposals.length > 0);
    for (const proposal of proposals) {
      const yaml = exceptionYaml(RULE, proposal);
      const changed = await moduleOf(`${RULES}\n${yaml}`);
      const { tried } = await tryProposals(tunedCalls(files), rules, [triedRules([changed], 'first')], RULE);
      assert.equal(tried[0]?.heldBack, proposal.alerts, yaml);
      assert.equal(tried[0]?.left, alerts - proposal.alerts);
      // The next rule that matches raises the alert instead.
      assert.equal(tried[0]?.others[0]?.added.alerts, proposal.alerts);
      const after = alertsOf(await backtestOn([path], changed, { ruleMatching: 'all' }));
      assert.equal(after[RULE] ?? 0, alerts - proposal.alerts);
      const { differences } = await backtestOn([path], changed, { compared: module });
      const own = differences?.find(({ rule }) => rule === RULE);
      assert.deepEqual([own?.added.alerts, own?.removed.alerts], [0, proposal.alerts]);
    }
  });
}

test('what an agent adds to a journal meanwhile does not change what a proposal holds back', async () => {
  using folder = new Folder();
  const path = folder.file('reads.wsp');
  const image = logEntry(processImage(1, { comm_bytes: 'backup' }), { user: 'root' });
  const blockFrom = (first: number) => {
    const reads = Array.from({ length: 20 }, (_, index) => {
      const file = { kind: 'f'.charCodeAt(0), dirfd: -100, raw: '/etc/a', resolved: '/etc/a' };
      return event('openat', 1, { ...file, sequence: first + index });
    });
    return { payload: payloadOf([image], reads), events: reads.length };
  };
  const { bytes, starts } = writeBlocks([blockFrom(0), blockFrom(20)]);
  // It ends within the second block.
  writeFileSync(path, bytes.subarray(0, (starts[1] ?? 0) + 60));
  const { files } = findHistory([path]);
  const module = await moduleOf(RULES);
  const rules = triedRules([module], 'first');
  const { alerts, proposals } = await findProposals(tunedCalls(files), rules, RULE, LIST_NAMES);
  assert.equal(alerts, 20);
  const [proposal] = proposals;
  assert.ok(proposal);
  writeFileSync(path, bytes);
  const changed = await moduleOf(`${RULES}\n${exceptionYaml(RULE, proposal)}`);
  const { tried } = await tryProposals(tunedCalls(files), rules, [triedRules([changed], 'first')], RULE);
  assert.deepEqual([tried[0]?.heldBack, tried[0]?.left], [20, 0]);
});

test('the noise is proposed first, by the fields that describe it best, and what is rare still fires', async () => {
  using folder = new Folder();
  const path = folder.file('reads.wsp');
  writeFileSync(path, recording(CASES['many files of one program, of one parent'] ?? []));
  const rules = triedRules([await moduleOf(RULES)], 'first');
  const { proposals } = await findProposals(tunedCalls(findHistory([path]).files), rules, RULE, LIST_NAMES);
  const [first] = proposals;
  assert.ok(first);
  assert.ok(first.fields.includes('proc.exepath') && first.fields.includes('proc.pname'), first.fields.join());
  assert.equal(first.values.length, 1);
  assert.equal(first.alerts, 400);
});

test('nothing is proposed for a rule that did not fire, or for alerts that have nothing in common', () => {
  assert.deepEqual(proposalsFor(CALL_ASPECTS, [], 0, []), []);
  const groups = Array.from({ length: 500 }, (_, index) => ({
    values: new Map([
      ['proc.exepath', `/bin/${index}`],
      ['proc.name', `p${index}`],
      ['proc.pname', 'bash'],
    ]),
    alerts: 1,
  }));
  assert.deepEqual(proposalsFor(CALL_ASPECTS, groups, 500, []), []);
});

test('an exception is YAML as people write it', () => {
  const proposal = { fields: ['proc.exepath', 'fd.name'], values: [['/bin/cat', '/etc/a b']], alerts: 1 };
  assert.match(
    exceptionYaml('A rule', proposal),
    /^- rule: "A rule"\n {2}exceptions:\n {4}- name: tuned_[0-9a-f]{8}\n {6}fields: \[proc\.exepath, fd\.name\]\n {6}comps: \["=", "="\]\n {6}values:\n {8}- \['"\/bin\/cat"', '"\/etc\/a b"'\]\n {2}override:\n {4}exceptions: append\n$/,
  );
  assert.deepEqual(
    ['', 'a"b', "it's", 'a\\b', 'a\tb', 'é'].map((value) => isWritable(value, [])),
    [false, false, false, false, false, false],
  );
});

test('a text in which the name of a list stands as a word is not writable, and words are in quotes', () => {
  const texts = [
    'one_tool',
    'x one_tool y',
    'a=one_tool,b',
    '(one_tool)',
    'one_tools',
    '/usr/bin/one_tool',
    '"one_tool"',
  ];
  assert.deepEqual(
    texts.map((text) => isWritable(text, LIST_NAMES)),
    [false, false, false, false, true, true, false],
  );
  const values = [['vpn_binaries', '22']];
  assert.match(exceptionYaml('R', { fields: ['proc.pname', 'fd.sport'], values }), /- \['"vpn_binaries"', "22"\]/);
});
