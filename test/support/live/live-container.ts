// Containers for live tests: real ones, made by runc, on an overlay file system, so that an upper layer is an upper layer.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { capabilitiesOf } from '../../../host/generate/capabilities.ts';
import { CAPABILITIES } from '../../../host/schema/flags.ts';
import { makeDirectory } from '../directory.ts';
import { actProgram, actWords, type Call, type RunningAct, type Step, watchAct } from './live-act.ts';
import { TIME_FACTOR } from './time-factor.ts';

/** What Docker grants by default. */
const DEFAULT_CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

const IMAGE_ANNOTATION = 'org.opencontainers.image.ref.name';

/**
 * Below it are those of all the containers made here. Files that run side by side have each their own: a group that runc has just made for the
 * container of another one is empty, and would be removed.
 */
const CGROUP = `wasprey-live-${process.pid}`;

/**
 * Runs runc, again where it could not start. It copies itself into a memfd, which the kernel now and then refuses to seal (EBUSY,
 * while another CPU still holds a page of it, mm/memfd.c); nothing has run in the container then. $0 is runc, its log goes to a file.
 */
const RUNC = `
  log=$(mktemp) && trap 'rm -f "$log"' EXIT
  for try in 1 2 3 4 5; do
    "$0" --log "$log" "$@"
    status=$?
    grep -q 'ensure we are a cloned binary' "$log" || break
    [ "$try" = 5 ] || : > "$log"
  done
  cat "$log" >&2
  exit "$status"`;

/** The command that runs runc with those words, for spawn. */
export function runcCommand(words: readonly string[]): readonly [string, ...string[]] {
  return ['sh', '-c', RUNC, 'runc', ...words];
}

export interface Mount {
  readonly source: string;
  readonly destination: string;
  readonly type?: string;
  readonly options?: readonly string[];
}

export interface ContainerOptions {
  /**
   * `busybox`: its programs and act in the lower layer. `host`: the programs of this machine, mounted read-only, where a test
   * needs bash or a package manager.
   */
  readonly root?: 'busybox' | 'host';
  /** Instead of Docker's default set. */
  readonly capabilities?: readonly string[];
  readonly mounts?: readonly Mount[];
  /** As `docker run --privileged`: all capabilities and all devices. */
  readonly privileged?: true;
  /** Name of the image, as tools that unpack one note it. */
  readonly image?: string;
  /** As the kubelet labels what it starts, `io.kubernetes.pod.namespace` and the like. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What its first process runs. Default: it sleeps. */
  readonly program?: readonly string[];
  /** Default: as many as the machine has room for. */
  readonly mostProcesses?: number;
  /** In front of the id, in the path of its cgroup: 'docker/', 'kubepods/besteffort/pod1/'. */
  readonly cgroupParent?: string;
}

export interface ExecOptions {
  /** With a terminal of its own, as `docker exec -it` has. */
  readonly tty?: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
}

export class Container {
  /** 64 hexadecimal digits, as the runtimes give them. */
  readonly id = randomBytes(32).toString('hex');
  /** container.id: its first 12 characters. */
  readonly shortId = this.id.slice(0, 12);
  /** First process, in the pid namespace of the host. */
  readonly pid: number;
  /** Root of its file system as the host sees it. */
  readonly root: string;
  readonly #directory: ReturnType<typeof makeDirectory>;

  constructor(options: ContainerOptions = {}) {
    this.#directory = makeDirectory();
    const at = (name: string): string => join(this.#directory.path, name);
    this.root = at('rootfs');
    for (const name of ['lower', 'upper', 'work', 'rootfs']) mkdirSync(at(name));
    if (options.root === 'host') fillWithHostPrograms(at('lower'));
    else fillWithBusybox(at('lower'));
    const layers = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`;
    run('/usr/bin/busybox', ['mount', '-t', 'overlay', '-o', layers, 'overlay', this.root]);
    writeFileSync(at('config.json'), JSON.stringify(configuration(this.id, options)));
    try {
      this.#create(at);
      this.pid = Number(readFileSync(at('pid'), 'utf8'));
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** Its first process inherits runc's output: with a pipe for that, waiting for runc would be waiting for the container. */
  #create(at: (name: string) => string): void {
    const words = ['run', '--detach', '--pid-file', at('pid'), '--bundle', this.#directory.path, this.id];
    const log = openSync(at('log'), 'w');
    const [shell, ...rest] = runcCommand(words);
    const { status } = spawnSync(shell, rest, {
      stdio: ['ignore', 'ignore', log],
      timeout: 30_000 * TIME_FACTOR,
    });
    closeSync(log);
    if (status !== 0) throw new Error(`runc could not make the container: ${readFileSync(at('log'), 'utf8')}`);
  }

  /** Starts a program in it, as `docker exec` does. */
  start(program: readonly string[], options: ExecOptions = {}): ChildProcess {
    const words = ['exec', ...(options.tty ? ['--tty'] : []), '--cwd', options.cwd ?? '/'];
    for (const [name, value] of Object.entries(options.env ?? {})) words.push('--env', `${name}=${value}`);
    if (options.user !== undefined) words.push('--user', options.user);
    words.push(this.id, ...program);
    // `script` gives runc the terminal that it passes on.
    const command = runcCommand(words);
    return options.tty
      ? spawn('script', ['-qec', command.map(quote).join(' '), '/dev/null'], { stdio: 'pipe' })
      : spawn(command[0], command.slice(1), { stdio: 'pipe' });
  }

  /** Runs a program in it to its end and returns what it printed. A status other than 0 is no error if `mayFail`. */
  async exec(command: readonly string[], options: ExecOptions & { mayFail?: boolean } = {}): Promise<string> {
    const child = this.start(command, options);
    let output = '';
    child.stdin?.end();
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (status !== 0 && !options.mayFail) {
      throw new Error(`${command.join(' ')} in the container ended with status ${status}: ${output}`);
    }
    return output;
  }

  /** Performs act's steps in it. The pids that are reported are those of its namespace. */
  async act(steps: readonly Step[], options: ExecOptions & { program?: string } = {}): Promise<Call[]> {
    return this.startAct(steps, options).end();
  }

  startAct(steps: readonly Step[], options: ExecOptions & { program?: string } = {}): RunningAct {
    return watchAct(this.start([options.program ?? '/usr/bin/act', ...actWords(steps)], options), this.shortId);
  }

  /** Ends everything in it and takes it down. May be called again. */
  stop(): void {
    try {
      run('runc', ['delete', '--force', this.id]);
    } finally {
      run('/usr/bin/busybox', ['umount', '-l', this.root], true);
      this.#directory.remove();
      removeCgroups();
    }
  }
}

/** Busybox's programs and act, below that folder. */
export function fillWithBusybox(root: string): void {
  makeDirectories(root, ['bin', 'usr/bin']);
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  for (const path of run(join(root, 'bin/busybox'), ['--list']).split('\n')) {
    if (path !== '' && path !== 'busybox') symlinkSync('busybox', join(root, 'bin', path));
  }
  copyFileSync(actProgram(), join(root, 'usr/bin/act'));
}

/** /usr and act are mounted by the configuration; /etc is its own. */
function fillWithHostPrograms(root: string): void {
  makeDirectories(root, ['usr', 'opt']);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  copyFileSync(actProgram(), join(root, 'opt/act'));
}

function makeDirectories(root: string, more: readonly string[]): void {
  for (const name of ['etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'var/lib/dpkg', 'srv', ...more]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nguest:x:1234:1234::/:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nguest:x:1234:\n');
  writeFileSync(join(root, 'etc/shadow'), 'root:*:20000:0:99999:7:::\n');
}

/** The config.json of a bundle, with its root in `rootfs`. */
export function configuration(id: string, options: ContainerOptions): object {
  const capabilities = options.privileged ? CAPABILITIES : (options.capabilities ?? DEFAULT_CAPABILITIES);
  // runc can't give what root lacks here, but does not mind what is not taken away.
  const own = capabilitiesOf(readFileSync('/proc/self/status', 'utf8'));
  const held = capabilities.filter((name) => own.has(name));
  const hostPrograms: Mount[] =
    options.root === 'host' ? [{ source: '/usr', destination: '/usr', options: ['rbind', 'ro'] }] : [];
  const mounts: Mount[] = [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'nodev', 'mode=1777'] },
    ...hostPrograms,
    ...(options.mounts ?? []).map((mount) => ({ options: ['rbind'], ...mount })),
  ];
  const namespaces = ['pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type }));
  return {
    ociVersion: '1.0.2',
    process: {
      args: options.program ?? ['/bin/sleep', '86400'],
      cwd: '/',
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: capabilities, effective: held, permitted: held },
      noNewPrivileges: false,
    },
    root: { path: 'rootfs' },
    hostname: 'live-test',
    mounts,
    annotations: { ...options.labels, ...(options.image !== undefined && { [IMAGE_ANNOTATION]: options.image }) },
    linux: {
      namespaces,
      cgroupsPath: `/${CGROUP}/${options.cgroupParent ?? ''}${id}`,
      resources: {
        ...(options.privileged && { devices: [{ allow: true, access: 'rwm' }] }),
        ...(options.mostProcesses !== undefined && { pids: { limit: options.mostProcesses } }),
      },
    },
  };
}

/** runc removes a container's own cgroups, not those above. Ours go with the last container; others' are not touched. */
function removeCgroups(): void {
  for (const path of globSync(`/sys/fs/cgroup/{,*/}${CGROUP}{,/*}`).sort().reverse()) {
    try {
      rmdirSync(path);
    } catch {
      // in use, by another container
    }
  }
}

/** Runs a program to its end, with no terminal and no inherited pipes. */
function run(command: string, words: readonly string[], mayFail = false): string {
  try {
    return execFileSync(command, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000 * TIME_FACTOR,
    });
  } catch (error) {
    if (mayFail) return '';
    throw error;
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
