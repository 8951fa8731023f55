// The kernel filter costs no alert: with the shipped rules, and with Falco's, there are the same alerts as without it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ACTIONS } from '../../host/generate/actions/index.ts';
import { obstacle } from '../../host/generate/obstacle.ts';
import { MARKER, perform } from '../../host/generate/perform.ts';
import { thisPlace } from '../../host/generate/place.ts';
import { directoryForTests } from '../support/directory.ts';
import { describeWithFalco } from '../support/falco-data.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import {
  AF_INET,
  AT_FDCWD,
  CLONE_NEWNS,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  O,
  SOCK_DGRAM,
} from '../support/live/live-numbers.ts';
import { shippedRules } from '../support/live/live-rules.ts';
import { STOCK_FILES, stockRules } from '../support/stock-rules.ts';

const OUTBOUND = 'Interpreted procs outbound network activity';
const ENABLED = `
- rule: ${OUTBOUND}
  enabled: true
`;
const MARK = 'filter-alerts-';
const directory = directoryForTests();
/** With the filter, and without. */
let agents: readonly [LiveAgent, LiveAgent];
let container: Container;

before(() => {
  symlinkSync('/etc/shadow', `${directory}/link`);
  symlinkSync('/etc', `${directory}/folder`);
  mkdirSync(`${directory}/jail/etc`, { recursive: true });
  writeFileSync(`${directory}/jail/etc/shadow`, '');
  mkdirSync(`${directory}/of-file`);
  mkdirSync(`${directory}/of-folder/place`, { recursive: true });
  writeFileSync(`${directory}/of-file/place`, '');
  for (const at of ['of-file', 'of-folder']) symlinkSync('place', `${directory}/${at}/link`);
  container = new Container();
});
after(() => {
  container.stop();
});

describe('With the shipped rules', () => {
  startAgents(shippedRules);
  testSecrets('Sensitive file read');
  testActions(10);
  // Some of them may match any open that succeeds, for all that the kernel knows of it: none matches one that fails.
  testCounters(() => {
    for (let round = 0; round < 20_000; round++)
      assert.throws(() => openSync('/nonexistent/file', 'r'), { code: 'ENOENT' });
  });
});

describeWithFalco(STOCK_FILES, () =>
  describe("With Falco's rules", () => {
    startAgents(() => [...STOCK_FILES.map(stockRules), ENABLED]);
    testSecrets('Read sensitive file untrusted');
    testDatagrams();
    testActions(20);
    // Thousands of folders are opened, which no rule is about.
    testCounters(() => spawnSync('find', ['/usr', '-name', 'nothing'], { stdio: 'ignore' }));
  }),
);

/** More different bytes than the tables of paths tell apart; of the one that only the last rule names there are fewest. */
const LETTERS = Array.from({ length: 0x5e }, (_, index) => String.fromCharCode(0x21 + index))
  .filter((byte) => !'/."\\~'.includes(byte))
  .join('');
const MANY_LETTERS = [
  ...[0, 30, 60].map((at) => `fd.name startswith "/${LETTERS.slice(at)}${LETTERS.slice(0, at)}"`),
  'fd.name endswith "~"',
].map((condition, index) =>
  JSON.stringify({
    rule: `letters ${index}`,
    desc: 'a file by its name',
    condition: `evt.type in (open, openat) and ${condition}`,
    output: '%proc.cmdline',
    priority: 'WARNING',
  }),
);

describe('With rules of more different letters than the filter tells apart', () => {
  startAgents(() => [`[${MANY_LETTERS.join()}]`]);
  test('a rule on the rarest letter matches', async () => {
    const mark = `${MARK}letters-`;
    await act([
      ['@mark', mark],
      ['openat', AT_FDCWD, str(`${directory}/file~`), O.RDONLY],
      ['openat', AT_FDCWD, str(`/${LETTERS}`), O.RDONLY],
    ]);
    const alerts = await alertsOf(mark);
    assert.deepEqual(
      alerts.map((alert) => alert.slice(0, 9)),
      ['letters 0', 'letters 3'],
    );
  });
});

/** By itself: beside rules of many letters no open is dropped for its name. */
describe('With a rule on the end of a name', () => {
  startAgents(() => [
    JSON.stringify([
      {
        rule: 'a place',
        desc: 'a file by its name',
        condition: 'evt.type in (open, openat) and fd.name endswith /place',
        output: '%proc.cmdline',
        priority: 'WARNING',
      },
    ]),
  ]);
  const bind = (from: string, to: string): Step => [
    'mount',
    str(`${directory}/${from}`),
    str(`${directory}/${to}/place`),
    'null',
    MS_BIND,
    'null',
  ];
  for (const [what, at, mounts] of [
    ['a file', 'of-file', [bind('jail/etc/shadow', 'of-file')]],
    ['a folder', 'of-folder', [bind('jail', 'of-folder')]],
    ['one mount over another', 'of-folder', [bind('jail', 'of-folder'), bind('jail/etc', 'of-folder')]],
  ] as const) {
    test(`${what} that is mounted is matched by its mount point, behind a link too`, async () => {
      const mark = `${MARK}${what.replaceAll(' ', '-')}-`;
      await act([
        ['@mark', mark],
        ['unshare', CLONE_NEWNS],
        ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
        ...mounts,
        ['openat', AT_FDCWD, str(`${directory}/${at}/link`), O.RDONLY],
      ]);
      const alerts = await alertsOf(mark);
      assert.deepEqual(
        alerts.map((alert) => alert.slice(0, 7)),
        ['a place'],
      );
    });
  }
});

describe('With rules on what the kernel sees in another way', () => {
  const named = `${directory}/ends./file`;
  const calls = [
    [
      'a file by its handle, below a folder whose name ends with a dot',
      'evt.type = open_by_handle_at and fd.nameraw contains ./',
      [
        // Handles are of a file system: this one's may be another than the current folder's.
        ['openat', AT_FDCWD, str(directory), O.RDONLY | O.DIRECTORY],
        ['name_to_handle_at', AT_FDCWD, str(named), 'handle', 'out', 0],
        ['open_by_handle_at', 'r0', 'handle', O.RDONLY],
      ],
    ],
    [
      'on a userfaultfd, which has the letter of unix sockets',
      'evt.type = connect and fd.typechar = u',
      [
        ['userfaultfd', 0],
        ['connect', 'r0', 'in:127.0.0.1:9', 'len'],
      ],
    ],
  ] as const satisfies readonly (readonly [what: string, condition: string, steps: readonly Step[]])[];
  before(() => {
    mkdirSync(`${directory}/ends.`);
    writeFileSync(named, '');
  });
  /** Without it the filter has no names to compare with. */
  const another = ['another file', 'evt.type = openat and fd.name endswith /nowhere'] as const;
  startAgents(() => [
    JSON.stringify(
      [another, ...calls].map(([what, condition]) => ({
        rule: what,
        desc: 'a call by what it is about',
        condition,
        output: '%proc.cmdline',
        priority: 'WARNING',
      })),
    ),
  ]);
  for (const [index, [what, , steps]] of calls.entries()) {
    test(what, async () => {
      const mark = `${MARK}seen-${index}-`;
      const calls = await act([['@mark', mark], ...steps]);
      const alerts = await alertsOf(mark);
      const results = calls.map(({ call, result }) => `${call} gave ${result}`);
      assert.equal(alerts.length, 1, [...results, ...alerts].join('; '));
    });
  }
});

function startAgents(rules: () => string[]): void {
  before(async () => {
    const start = (kernelFilter: boolean): Promise<LiveAgent> =>
      LiveAgent.start(rules(), {
        kernelFilter,
        ruleMatching: 'all',
        warnings: 'accepted',
        keep: (line) => line.includes(MARK) || MARKER.test(line),
      });
    agents = [await start(true), await start(false)];
  });
  after(async () => {
    for (const agent of agents) await agent.stop();
  });
}

/** Rules and messages of the alerts with that text in them; the same from both agents. */
async function alertsOf(text: string): Promise<readonly string[]> {
  const [filtered, unfiltered] = await Promise.all(
    agents.map(async (agent) => {
      await agent.settled();
      return agent.marked(text).map(({ rule, output_fields: fields }) => `${rule}: ${shown(fields)}`);
    }),
  );
  assert.deepEqual(filtered?.sort(), unfiltered?.sort());
  return filtered ?? [];
}

/** Each agent has read the clock itself, and its module has a rule of its own to settle by. */
function shown(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([name]) => !/time|duration|^wasprey.module$/.test(name))
    .map((field) => field.join('='))
    .join(' ');
}

function testSecrets(rule: string): void {
  describe('each way to a file that a rule names', () => {
    const open = (path: string, from: string | number = AT_FDCWD): Step => ['openat', from, str(path), O.RDONLY];
    const openDirectory = (path: string): Step => ['openat', AT_FDCWD, str(path), O.RDONLY | O.DIRECTORY];
    const long = `/etc${'/../etc'.repeat(80)}/shadow`;
    const ways: Readonly<Record<string, readonly Step[]>> = {
      'its path': [open('/etc/shadow')],
      'an old call': [['open', str('/etc/shadow'), O.RDONLY]],
      openat2: [['openat2', AT_FDCWD, str('/etc/shadow'), `how:${O.RDONLY},0,0`, 'len']],
      'its path in another way': [open('/etc/../etc/./shadow'), open('//etc///shadow')],
      'a long path': [open(long)],
      'a link': [open(`${directory}/link`)],
      'a link to its folder': [open(`${directory}/folder/shadow`)],
      'its folder': [['chdir', str('/etc')], open('shadow'), open('./shadow'), open('../etc/shadow')],
      'the root folder': [['chdir', str('/')], open('etc/shadow')],
      'a link in the current folder': [['chdir', str(directory)], open('link'), open('folder/shadow')],
      'a descriptor of its folder': [openDirectory('/etc'), open('shadow', 'r0')],
      'a descriptor of a folder with a link': [
        openDirectory(directory),
        open('link', 'r0'),
        open('folder/shadow', 'r0'),
      ],
      'a descriptor of the root folder': [openDirectory('/'), open('etc/shadow', 'r0')],
      'the root of a process': [open('/proc/self/root/etc/shadow')],
      'a change of the root folder': [
        ['chroot', str(`${directory}/jail`)],
        ['chdir', str('/')],
        open('/etc/shadow'),
        open('etc/shadow'),
      ],
    };
    for (const [index, [way, steps]] of Object.entries(ways).entries()) {
      test(way, async () => {
        const mark = `${MARK}${index}-`;
        await act([['@mark', mark], ...steps]);
        const alerts = await alertsOf(mark);
        const reads = steps.filter(([call]) => /^open/.test(String(call))).length - (/descriptor/.test(way) ? 1 : 0);
        assert.equal(alerts.filter((alert) => alert.startsWith(`${rule}:`)).length, reads);
      });
    }

    test('in a container', async () => {
      const mark = `${MARK}container-`;
      await container.act([['@mark', mark], open('/etc/shadow'), ['chdir', str('/etc')], open('shadow')]);
      const alerts = await alertsOf(mark);
      assert.equal(alerts.filter((alert) => alert.startsWith(`${rule}:`)).length, 2);
    });
  });
}

function testDatagrams(): void {
  test('datagrams, alone and many by one call', async () => {
    const names = ['sendto', 'sendmsg', 'sendmmsg', 'int80:sendmmsg'];
    for (const [index, name] of names.entries()) {
      const mark = `${MARK}datagrams-${index}-`;
      const peer = `in:203.0.113.5:${9443 + index}`;
      const sends: readonly Step[] = [
        ['sendto', 'r0', str('data'), 4, 0, peer, 'len'],
        ['sendmsg', 'r0', `msg:${peer}`, 0],
        ['sendmmsg', 'r0', `msgs:in:127.0.0.1:9,${peer},${peer},in:203.0.113.5:9`, 4, 0],
        ['int80:sendmmsg', 'r0', `msgs32:${peer}`, 1, 0],
      ];
      await act([
        ['@network', '203.0.113.5'],
        ['@link', `${directory}/perl`],
        ['@mark', mark],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['bind', 'r0', 'in:203.0.113.5:0', 'len'],
        sends[index] ?? assert.fail(),
      ]);
      const alerts = (await alertsOf(mark)).filter((alert) => alert.startsWith(`${OUTBOUND}:`));
      assert.equal(alerts.length, name === 'sendmmsg' ? 2 : 1, name);
      assert.ok(
        alerts.every((alert) => alert.includes('->203.0.113.5:')),
        alerts.join('\n'),
      );
    }
  });
}

function testActions(fewest: number): void {
  test('what the actions of `wasprey generate` do on this machine', async () => {
    const place = thisPlace('host');
    let alerts = 0;
    for (const action of ACTIONS) {
      if (action.where === 'container' || obstacle(action, place) !== undefined) continue;
      const { scene } = await perform(action, place);
      alerts += (await alertsOf(scene.marker)).length;
    }
    assert.ok(alerts > fewest, `${alerts} alerts`);
  });
}

function testCounters(unrelated: () => void): void {
  test('the filter drops most of what is not about any rule, and the counters add up', async () => {
    const [filtered, unfiltered] = agents;
    unrelated();
    for (const agent of agents) await agent.settled();
    for (const agent of agents) await agent.stop();
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
    for (const { counters } of agents) {
      const { produced, evaluated, filtered: dropped, dropped: lost, malformed } = counters.capture;
      assert.equal(sum(produced), sum(evaluated) + sum(dropped) + sum(lost) + malformed);
    }
    assert.ok(sum(filtered.counters.capture.filtered) > sum(filtered.counters.capture.evaluated));
    assert.equal(sum(unfiltered.counters.capture.filtered), 0);
  });
}
