// A machine within this machine, for what systemd alone can show: its own systemd as process 1, in namespaces, on an overlay of this root.
// Wasprey is not installed, or the checkout is where packages have it. The kernel is this one, so an agent there watches all of this machine.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';

const PATIENCE_MS = 30_000;
const HOME = '/usr/lib/wasprey';

/**
 * $0 is a folder. A control group of its own: one with other processes in it can't be divided. Those of version 1 are the roots, as if this
 * machine had none.
 */
const GROUP = `
  set -e
  for controller in pids memory cpu; do
    [ ! -e "/sys/fs/cgroup/$controller/tasks" ] || echo 0 >"/sys/fs/cgroup/$controller/cgroup.procs"
  done
  mount -t tmpfs tmpfs "$0"
  mkdir "$0/groups" "$0/upper" "$0/work" "$0/root"
  mount -t cgroup2 cgroup2 "$0/groups"
  mkdir "$0/groups/$NAME"
  echo 0 >"$0/groups/$NAME/cgroup.procs"
  exec unshare --cgroup sh -c "$BOOT" "$0"`;

/** Settings of the kernel are read-only, since they are this machine's. */
const BOOT = `
  set -e
  mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
  cd "$0/root"
  mount -t proc proc proc
  mount --bind proc/sys proc/sys
  mount -o remount,bind,ro proc/sys
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t bpf -o mode=700 bpf sys/fs/bpf
  mount -t tracefs -o ro tracefs sys/kernel/tracing
  mount -t tmpfs -o mode=755 tmpfs dev
  for device in null zero full random urandom tty; do
    : >dev/$device
    mount --bind /dev/$device dev/$device
  done
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  for folder in run tmp var/log var/cache; do mount -t tmpfs -o mode=755 tmpfs $folder; done
  eval "$PROVISION"
  ln -sf /dev/null etc/systemd/system/timers.target
  : >etc/machine-id
  mkdir run/old
  pivot_root . run/old
  umount -l /run/old
  exec env -i container=wasprey-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system --unit=basic.target --log-target=journal`;

/** Processes that were killed take a moment to leave their groups. */
const REMOVE_GROUP = `
  mount -t cgroup2 cgroup2 "$0"
  for attempt in 1 2 3 4 5 6 7 8 9; do
    find "$0/$NAME" -depth -type d -exec rmdir {} + 2>/dev/null && exit
    sleep 0.2
  done
  exit 1`;

/** The checkout in the place of an installation. */
const PROVIDE_CHECKOUT = `
  mkdir -p .${HOME} etc/wasprey/rules.d etc/systemd/system
  mount --bind "$CHECKOUT" .${HOME}
  mount -o remount,bind,ro .${HOME}
  cp .${HOME}/deploy/package/wasprey.service etc/systemd/system/
  cp .${HOME}/deploy/package/wasprey.yaml etc/wasprey/
  printf '#!/bin/sh\\nexec %s "$@"\\n' "$LAUNCHER" >usr/bin/wasprey
  chmod 755 usr/bin/wasprey`;

/** Images of Debian for containers forbid the scripts of packages to start services. */
const ALLOW_SERVICES = 'rm -f usr/sbin/policy-rc.d';

/** As the installed program, it keeps what it compiles outside of the installation. */
const LAUNCHER = `env WASPREY_CACHE=/var/cache/wasprey ${HOME}/node_modules/.bin/node ${RUNTIME_OPTIONS.join(' ')} ${HOME}/host/cli/main.ts`;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class BootedSystem implements AsyncDisposable {
  readonly #folder: string;
  readonly #launcher: ChildProcess;
  #said = '';
  #init = 0;

  private constructor(folder: string, provision: string) {
    this.#folder = folder;
    const words = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private'];
    this.#launcher = spawn('unshare', [...words, 'sh', '-c', GROUP, folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, BOOT, CHECKOUT: PROJECT, LAUNCHER, NAME: basename(folder), PROVISION: provision },
    });
    const hear = (text: Buffer): void => {
      this.#said += text.toString();
    };
    this.#launcher.stdout?.on('data', hear);
    this.#launcher.stderr?.on('data', hear);
  }

  /** With the checkout as Wasprey. */
  static boot(): Promise<BootedSystem> {
    return BootedSystem.#boot(PROVIDE_CHECKOUT);
  }

  /** Without Wasprey, for packages to be installed. */
  static bootBare(): Promise<BootedSystem> {
    return BootedSystem.#boot(ALLOW_SERVICES);
  }

  /** Resolves when services can be started. */
  static async #boot(provision: string): Promise<BootedSystem> {
    const system = new BootedSystem(mkdtempSync(join(tmpdir(), 'wasprey-booted-')), provision);
    try {
      await system.until('systemd is there', () => {
        system.#init ||= childOf(system.#launcher.pid) ?? 0;
        return system.#init !== 0 && system.run('systemctl', 'is-active', 'basic.target').status === 0;
      });
      return system;
    } catch (error) {
      await system[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a program in there. */
  run(program: string, ...words: readonly string[]): Outcome {
    const entered = ['-t', String(this.#init), '-m', '-p', '-i', '-u', '-C', program, ...words];
    // Its journal has alerts about all of this machine.
    return spawnSync('nsenter', entered, {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin', LC_ALL: 'C.UTF-8' },
      maxBuffer: 1 << 28,
    });
  }

  /** Path by which this machine's processes reach a file in there. */
  outerPath(path: string): string {
    return join(`/proc/${this.#init}/root`, path);
  }

  async until(what: string, condition: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!condition()) {
      assert.equal(this.#launcher.exitCode, null, `it has ended: ${this.#said}`);
      if (performance.now() > deadline) assert.fail(`not within ${patienceMs / 1000} s: ${what}. ${this.#state()}`);
      await sleep(100);
    }
  }

  /** The number that a process of it has on this machine. */
  outerPid(pid: number): number {
    const found = readdirSync('/proc').find((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        return new RegExp(`^NSpid:\\t${name}\\t${pid}$`, 'm').test(status) && sameNamespace(name, this.#init);
      } catch {
        return false; // ended meanwhile, or no process
      }
    });
    return Number(found ?? assert.fail(`no process ${pid}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#launcher.exitCode === null) {
      this.#launcher.kill('SIGKILL');
      await once(this.#launcher, 'exit');
    }
    const remove = ['--mount', 'sh', '-c', REMOVE_GROUP, this.#folder];
    const { status } = spawnSync('unshare', remove, { env: { ...process.env, NAME: basename(this.#folder) } });
    rmdirSync(this.#folder);
    assert.equal(status, 0, 'its control groups stay');
  }

  #state(): string {
    return `${this.#said}\n${this.run('journalctl', '--no-pager', '-n', '50').stdout}`;
  }
}

function sameNamespace(pid: string, other: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync(`/proc/${other}/ns/pid`);
}

/** The program below `unshare`, once it is systemd. */
function childOf(parent: number | undefined): number | undefined {
  const name = readdirSync('/proc').find((entry) => {
    try {
      const status = readFileSync(`/proc/${entry}/status`, 'utf8');
      return /^Name:\tsystemd$/m.test(status) && new RegExp(`^PPid:\t${parent}$`, 'm').test(status);
    } catch {
      return false;
    }
  });
  return name === undefined ? undefined : Number(name);
}
