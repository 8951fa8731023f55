// What is reported of hooks that the kernel does not take, by the rules in use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { HookWatch, type MissingHooksPolicy } from '../../../host/agent/watches/hook-watch.ts';
import type { MissingFeatures } from '../../../host/capture/missing-features.ts';
import { describeMissingHook, type MissingHook } from '../../../host/capture/missing-hooks.ts';
import type { HooksKind } from '../../../host/capture/native.ts';
import type { KeyedValue } from '../../../host/outputs/message.ts';
import { moduleOf } from '../../support/records/built-agent.ts';

const IO_URING: MissingHook = {
  hook: 'io_uring_submit_req, io_uring_submit_sqe',
  program: 'on_request',
  reason: 'tracepoint-missing',
  detail: 'ENOENT: No such file or directory',
  blinds: ['openat', 'connect'],
  ways: ['io_uring'],
};
const RENAMES: MissingHook = {
  hook: 'sys_exit',
  program: 'on_paths',
  reason: 'program-refused',
  detail: 'EINVAL: Invalid argument: invalid func unknown#300',
  blinds: ['rename', 'link'],
  ways: ['calls'],
};
const CONNECTING: MissingHook = {
  hook: 'inet_sock_set_state',
  program: 'on_connecting',
  reason: 'program-refused',
  detail: 'EINVAL: Invalid argument',
  blinds: ['connect'],
  ways: ['peers'],
};
const NEEDLESS: MissingHook = { ...IO_URING, reason: 'no-io-uring', detail: '', blinds: [], ways: [] };

const rule = (name: string, types: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: evt.type in (${types}) and proc.name = x\n  output: o\n  priority: NOTICE\n`;
const opens = await moduleOf(rule('Opens', 'openat') + rule('Kills', 'kill'));
const renames = await moduleOf(rule('Renames', 'rename'));
const kills = await moduleOf(rule('Only kills', 'kill'));

/** The hooks of system calls that the engine reports. */
const CALLS: HooksKind = 'fexit';

function watched(policy: MissingHooksPolicy = 'alert', lacks: MissingFeatures = { hasDirectReads: true }) {
  const [alerts, troubles, notes]: [[string, Record<string, string>][], string[], string[]] = [[], [], []];
  const desk = {
    internal(name: string, priority: string, message: string, values: readonly KeyedValue[] = []) {
      assert.deepEqual([name, priority], ['Wasprey internal: hooks missing', 'Critical']);
      const fields = values.map(({ key, value }) => {
        assert.ok(value?.kind === 'text', key);
        return [key, Buffer.from(value.bytes).toString()] as const;
      });
      alerts.push([message, Object.fromEntries(fields)]);
    },
  };
  const listener = {
    onTrouble: (message: string) => troubles.push(message),
    onNote: (message: string) => notes.push(message),
  };
  const watch = new HookWatch(desk, policy, listener, () => lacks);
  return {
    watch,
    /** What it said of these. */
    update(missing: readonly MissingHook[], ...modules: readonly RuleModule[]) {
      watch.update({ missing, hooks: CALLS }, modules);
      return { alerts: alerts.splice(0), troubles: troubles.splice(0), notes: notes.splice(0) };
    },
  };
}

test('nothing is reported where nothing is missing', () => {
  const { update, watch } = watched();
  assert.deepEqual(update([], opens, renames), { alerts: [], troubles: [], notes: [] });
  const nothing = { missing: [], needed: [], blindRules: [], hasDirectReads: true };
  assert.deepEqual(watch.summary, { calls: CALLS, ...nothing, isAllowed: false });
});

test('operations that io_uring lacks are a note at the start, and in the summary', () => {
  const { update, watch } = watched('alert', { missingIoUringOperations: ['BIND', 'LISTEN'], hasDirectReads: true });
  const note = "the kernel's io_uring lacks BIND, LISTEN: no process can use them";
  assert.deepEqual(update([], opens), { alerts: [], troubles: [], notes: [note] });
  assert.deepEqual(update([], renames), { alerts: [], troubles: [], notes: [] }, 'other rules, the same kernel');
  assert.deepEqual(watch.summary.missingIoUringOperations, ['BIND', 'LISTEN']);
});

test('memory that is read by probes is a note at the start, and in the summary', () => {
  const { update, watch } = watched('alert', { hasDirectReads: false });
  const { alerts, troubles, notes } = update([], opens);
  assert.deepEqual([alerts, troubles, notes.length], [[], [], 1]);
  assert.match(notes[0] ?? '', /^the kernel lacks bpf_rdonly_cast: its memory is read by probes/);
  assert.deepEqual(update([], renames), { alerts: [], troubles: [], notes: [] }, 'other rules, the same kernel');
  assert.equal(watch.summary.hasDirectReads, false);
});

test('where no calls are captured, the kernel is not asked', () => {
  const { watch } = watched('alert', { missingIoUringOperations: ['BIND'], hasDirectReads: false });
  watch.update({ missing: [], hooks: undefined }, [opens]);
  assert.equal(watch.summary.missingIoUringOperations, undefined);
  assert.equal(watch.summary.hasDirectReads, undefined);
});

test('a rule whose events would come by a missing hook is an alert, a trouble, and in the summary', () => {
  const { update, watch } = watched();
  const { alerts, troubles } = update([IO_URING], opens, renames);
  const why =
    'the kernel has no tracepoint io_uring_submit_req or io_uring_submit_sqe for the program on_request: ' +
    'not all io_uring requests for openat, connect are captured';
  assert.deepEqual(troubles, [
    why,
    'these rules are blind to some events: "Opens"; `wasprey doctor` reports what this kernel lacks',
  ]);
  assert.deepEqual(alerts, [
    [
      `Wasprey internal: hooks missing: ${why}; 1 of the rules in use are blind to some events. engine.wasprey.missing_hooks=allow accepts it.`,
      {
        hooks: 'io_uring_submit_req, io_uring_submit_sqe',
        programs: 'on_request',
        reasons: 'tracepoint-missing',
        rules: 'Opens',
      },
    ],
  ]);
  assert.deepEqual(watch.summary, {
    calls: CALLS,
    missing: [IO_URING],
    needed: [IO_URING],
    blindRules: ['Opens'],
    hasDirectReads: true,
    isAllowed: false,
  });
});

test('where it is allowed there is no alert, and the log says the same', () => {
  const { update, watch } = watched('allow');
  const { alerts, troubles } = update([RENAMES], opens, renames);
  assert.deepEqual(alerts, []);
  assert.equal(troubles.length, 2);
  assert.deepEqual(watch.summary, {
    calls: CALLS,
    missing: [RENAMES],
    needed: [RENAMES],
    blindRules: ['Renames'],
    hasDirectReads: true,
    isAllowed: true,
  });
});

test('a hook that no rule in use needs is logged, and no alert', () => {
  const { update, watch } = watched();
  const { alerts, troubles } = update([RENAMES], opens);
  assert.deepEqual(alerts, []);
  assert.deepEqual(troubles, [describeMissingHook(RENAMES)]);
  assert.deepEqual(watch.summary.blindRules, []);
});

test('of the missing hooks, those that rules in use need are told apart', () => {
  const { update, watch } = watched();
  update([IO_URING, RENAMES, NEEDLESS], opens);
  assert.deepEqual(watch.summary.missing, [IO_URING, RENAMES, NEEDLESS]);
  assert.deepEqual(watch.summary.needed, [IO_URING]);
  update([IO_URING, RENAMES, NEEDLESS], kills);
  assert.deepEqual(watch.summary.needed, []);
});

test('a kernel without io_uring is worth a note', () => {
  const { update } = watched();
  assert.deepEqual(update([NEEDLESS], opens), {
    alerts: [],
    troubles: [],
    notes: ['the program on_request is not attached, because the kernel was built without io_uring: nothing is missed'],
  });
});

test('other rules are judged anew; the same are not reported again', () => {
  const { update, watch } = watched();
  assert.equal(update([IO_URING], kills).alerts.length, 0);
  assert.equal(update([IO_URING], opens).alerts.length, 1);
  assert.deepEqual(update([IO_URING], opens), { alerts: [], troubles: [], notes: [] });
  // A program that only these rules need is refused too.
  const both = update([IO_URING, RENAMES], opens, renames);
  assert.equal(both.alerts[0]?.[1].rules, 'Opens,Renames');
  assert.equal(both.troubles.length, 2);
  assert.deepEqual(update([IO_URING, RENAMES], kills), { alerts: [], troubles: [], notes: [] });
  assert.deepEqual(watch.summary.blindRules, []);
  assert.equal(update([IO_URING, RENAMES], opens).alerts.length, 1, 'they are blind again');
});

test('a hook without which the peer of a connection may be missing: the fields, and the rules on connections', async () => {
  const connects = await moduleOf(rule('Connects', 'connect'));
  const { update } = watched();
  const { alerts, troubles } = update([CONNECTING], connects, kills);
  assert.match(
    troubles[0] ?? '',
    /: the peer of connect \(fd\.name, fd\.sip, fd\.rip, .*\) is not captured if the call is interrupted, /,
  );
  assert.match(troubles[1] ?? '', /^these rules are blind to some events: "Connects";/);
  assert.equal(alerts[0]?.[1].rules, 'Connects');
});
