// Cost of evaluating rules, per event, on a made-up mix of what a busy host does: mostly opens for reading by a few processes.
// node test/bench/evaluation.ts RULES.yaml...

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { compileModule } from '../../host/compiler/compile.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../host/compiler/rules/rule.ts';
import type { StructInput } from '../../host/schema/encode-struct.ts';
import { RuleModule } from '../support/records/rule-module.ts';

const EVENTS = 20_000;
/** The worker's batches: more would need more fuel than a call has. */
const BATCH = 400;
const ROUNDS = 200;

type Made = readonly [type: string, members: StructInput];

const PROCESSES: readonly (readonly string[])[] = [
  ['bash'],
  ['sshd', '-D'],
  ['nginx', '-g', 'daemon off;'],
  ['python3', '/srv/app.py', '--port', '8080'],
  ['containerd-shim', '-namespace', 'k8s.io', '-id', '0123456789abcdef'],
  ['postgres', 'checkpointer'],
  ['node', 'server.js'],
  ['cron'],
  ['systemd-journal'],
  [
    'kubelet',
    '--config=/var/lib/kubelet/config.yaml',
    '--container-runtime-endpoint=unix:///run/containerd/containerd.sock',
  ],
];
const READ = [
  '/usr/lib/x86_64-linux-gnu/libc.so.6',
  '/proc/4711/stat',
  '/sys/fs/cgroup/kubepods.slice/memory.stat',
  '/etc/ld.so.cache',
  '/etc/passwd',
  '/var/lib/app/data/0001.db',
  '/usr/share/zoneinfo/UTC',
  '/proc/self/maps',
];
const WRITTEN = ['/tmp/upload.123', '/var/log/app/access.log', '/dev/null', '/var/lib/app/wal/000001'];

function open(path: string, flags: number): Made {
  return [
    'openat',
    { kind: 0x66, name: path, raw: path, resolved: path, open_flags: flags, result: 3n, fd: 3, dirfd: -100 },
  ];
}

/** The n-th event of the mix. */
function made(n: number): Made {
  const slot = (n * 7919) % 100;
  const pick = <T>(list: readonly T[]): T => list[n % list.length] as T;
  if (slot < 70) return open(pick(READ), 0x80000);
  if (slot < 82) return open(pick(WRITTEN), 0x241);
  if (slot < 86) return ['execve', { raw: '/usr/bin/ls', name: '/usr/bin/ls', result: 0n }];
  if (slot < 92) {
    const address = (last: number) => Uint8Array.from([10, 0, 0, last, ...new Array<number>(12).fill(0)]);
    const ends = { local_address: address(1), remote_address: address(9), local_port: 40000, remote_port: 5432 };
    const name = '10.0.0.1:40000->10.0.0.9:5432';
    return ['connect', { kind: 0x34, l4: 6, role: 1, state: 3, fd: 5, result: 0n, name, ...ends }];
  }
  if (slot < 94) return ['unlinkat', { raw: '/tmp/x', name: '/tmp/x', result: 0n, dirfd: -100 }];
  if (slot < 96) return ['rename', { old_raw: '/tmp/a', old_name: '/tmp/a', new_raw: '/tmp/b', new_name: '/tmp/b' }];
  if (slot < 98) return ['dup2', { kind: 0x66, name: '/dev/null', fd: 1, old_fd: 3, new_fd: 1, result: 1n }];
  return ['mkdir', { raw: '/tmp/d', name: '/tmp/d', mode: 0o755, result: 0n }];
}

const files = process.argv.slice(2);
const loaded = loadRules(files.map((name) => ({ name, text: readFileSync(name, 'utf8') })));
if (!loaded.successful) throw new Error(loaded.errors.map(({ message }) => message).join('\n'));
const sources = loaded.rules.map(ruleSourceOf);
let started = performance.now();
const { wasm, cached } = await compileModule(sources, { cacheDirectory: 'build/cache' });
const compiling = performance.now() - started;
started = performance.now();
const module = RuleModule.from(wasm, sources.length);
const loading = performance.now() - started;
const { records } = module;
const container = records.container({ id: 'f00dcafe0123', image_repository: 'nginx', privileged: 0 });
const init = records.image({ comm: 'systemd', executable: '/usr/lib/systemd/systemd', pid: 1, vpid: 1 }, [
  '/sbin/init',
]);
const images = PROCESSES.map((words, index) =>
  records.image(
    {
      comm: (words[0] ?? '').slice(0, 15),
      executable: `/usr/bin/${words[0]}`,
      parent_address: init,
      pid: 100 + index,
      vpid: 100 + index,
      container_address: index % 3 === 2 ? container : records.host,
    },
    words,
  ),
);
/** Called often enough for V8 to have optimised them. */
const CANDIDATE_ROUNDS = 300;
for (let round = 0; round < CANDIDATE_ROUNDS; round++) for (const image of images) module.setCandidates(image);
started = performance.now();
for (let round = 0; round < CANDIDATE_ROUNDS; round++) for (const image of images) module.setCandidates(image);
const candidates = (performance.now() - started) / CANDIDATE_ROUNDS / images.length;
const batches: { from: number; to: number }[] = [];
let from = records.end;
for (let n = 0; n < EVENTS; n++) {
  if (n > 0 && n % BATCH === 0) {
    batches.push({ from, to: records.end });
    from = records.end;
  }
  const [type, members] = made(n);
  records.event(type, images[(n * 31) % images.length] ?? init, members);
}
batches.push({ from, to: records.end });
let matches = 0;
const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  started = performance.now();
  matches = 0;
  for (const batch of batches) matches += module.evaluate(batch.from, batch.to).length;
  times.push(((performance.now() - started) * 1e6) / EVENTS);
}
times.sort((a, b) => a - b);
const figure = (value: number): string => value.toFixed(1);
process.stdout.write(
  [
    `machine            ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} CPUs`,
    `rules              ${sources.length}`,
    `module             ${wasm.length} bytes, compiled in ${figure(compiling)} ms${cached ? ' (cached)' : ''}, verified and loaded in ${figure(loading)} ms`,
    `candidates         ${figure(candidates * 1000)} us a process`,
    `evaluation         ${figure(times[ROUNDS >> 1] ?? 0)} ns an event (median of ${ROUNDS} rounds over ${EVENTS} events; least ${figure(times[0] ?? 0)})`,
    `matches            ${matches}`,
    '',
  ].join('\n'),
);
