// A real Kubernetes with one node, from test/cluster/kubernetes. The test files of a run share a few of them: each file takes one that is free, and
// begins with it empty.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { takeLock } from '../../../host/setup/lock.mjs';
import { DOWNLOAD_CACHE } from '../../../host/setup/paths.mjs';
import { until } from '../until.ts';
import { makeImage } from './make-image.ts';
import { announceClusters, type ClusterPlace, takeSharedCluster } from './shared-clusters.ts';

const SCRIPTS = join(import.meta.dirname, '../../cluster/kubernetes');

/** Every applet of busybox under /bin. */
export const SHELL_IMAGE = 'registry.test/shop/shell:1.37';
const PAUSE_IMAGE = 'registry.test/pause:1';

/** Longest time that the cluster has to be ready, on a machine that does other work as well. */
const START_TIMEOUT_MS = 180_000;

const ACCOUNT_TIMEOUT_MS = 60_000;

/** Longest time until an API server that was started again answers. */
const API_SERVER_TIMEOUT_MS = 60_000;

/** Starts clusters that test files after it use, each file one: processes that inherit this one's environment. */
export async function shareClusters(count: number): Promise<AsyncDisposable> {
  const archives = await mkdtemp('/var/tmp/wasprey-archives-');
  const starts = await Promise.allSettled(Array.from({ length: count }, () => OwnCluster.start(archives)));
  const clusters = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failure = starts.find((start) => start.status === 'rejected');
  const conceal = announceClusters(clusters);
  const end = async (): Promise<void> => {
    conceal();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    await rm(archives, { recursive: true });
  };
  if (failure === undefined) return { [Symbol.asyncDispose]: end };
  await end();
  throw failure.reason;
}

/** What a command in the cluster's namespaces printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Folder of the cluster's programs: built when they are not there, which takes about five minutes. */
export function kubernetesPrograms(): string {
  const script = join(SCRIPTS, 'build.sh');
  const hash = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 16);
  const folder = join(DOWNLOAD_CACHE, `kubernetes-${hash}`);
  // One that waits for the other's build finds it done.
  const build = 'exec 9> "$1.lock" && flock 9 && { [ -x "$1/kube-proxy" ] || "$0" "$1"; }';
  if (!existsSync(join(folder, 'kube-proxy'))) {
    execFileSync('mkdir', ['-p', DOWNLOAD_CACHE]);
    execFileSync('bash', ['-c', build, script, folder], { stdio: ['ignore', 2, 2] });
  }
  return folder;
}

export class Cluster implements ClusterPlace {
  readonly folder: string;
  readonly pid: number;
  readonly archives: string;

  protected constructor({ folder, pid, archives }: ClusterPlace) {
    this.folder = folder;
    this.pid = pid;
    this.archives = archives;
  }

  /** One that is shared, or one of its own. */
  static async start(): Promise<Cluster> {
    const shared = takeSharedCluster();
    if (shared === undefined) return OwnCluster.start();
    const cluster = new Cluster(shared);
    await cluster.#clear();
    return cluster;
  }

  /** Folder with the sockets, logs and certificates. */
  get state(): string {
    return join(this.folder, 'state');
  }

  get containerdSocket(): string {
    return join(this.state, 'containerd.sock');
  }

  get kubeconfig(): string {
    return join(this.state, 'certificates/admin.conf');
  }

  /**
   * Imports an image, unless a test file before has: a cluster lasts for one run, of the same sources.
   * @param make makes its OCI archive in a folder, and returns its path; of clusters beside each other, for the first that asks
   */
  async importOnce(name: string, make: (folder: string) => Promise<string>): Promise<void> {
    const images = ['ctr', '-a', this.containerdSocket, '-n', 'k8s.io', 'image'];
    const { stdout } = await this.run([...images, 'ls', '--quiet', `name==${name}`]);
    if (stdout.trim() !== name) await this.run([...images, 'import', await this.#archiveOf(name, make)]);
  }

  async #archiveOf(name: string, make: (folder: string) => Promise<string>): Promise<string> {
    const archive = join(this.archives, `${name.replaceAll('/', '+')}.tar`);
    const { release } = takeLock(join(this.archives, 'lock'), () => {});
    const folder = await mkdtemp(join(this.archives, 'image-'));
    try {
      if (!existsSync(archive)) await rename(await make(folder), archive);
      return archive;
    } finally {
      await rm(folder, { recursive: true });
      release();
    }
  }

  /** Runs a command in the cluster's namespaces, with `input` as its standard input. Rejects when it fails. */
  async run(words: readonly string[], input = ''): Promise<Printed> {
    const running = promisify(execFile)('nsenter', this.#inside(words), { maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.on('error', () => {}); // it may end without reading
    running.child.stdin?.end(input);
    return running;
  }

  /** Starts a command in the cluster's namespaces; its standard output is a pipe. */
  start(words: readonly string[]): ChildProcess {
    return spawn('nsenter', this.#inside(words), { stdio: ['ignore', 'pipe', 'ignore'] });
  }

  #inside(words: readonly string[]): readonly string[] {
    return ['-t', String(this.pid), '-n', '-m', '--', 'env', `KUBECONFIG=${this.kubeconfig}`, ...words];
  }

  /** Output of kubectl. */
  async kubectl(...words: string[]): Promise<string> {
    return (await this.run(['kubectl', ...words])).stdout;
  }

  /** Makes a namespace in which pods can be made: its account comes a moment after it, and the account's token after that. Without both they are refused. */
  async addNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
    const token = ['get', 'serviceaccount', 'default', '-o', 'jsonpath={.secrets[*].name}'];
    await until(async () => (await this.kubectl('-n', name, ...token).catch(() => '')) !== '', ACCOUNT_TIMEOUT_MS);
  }

  async apply(manifests: string | readonly object[]): Promise<void> {
    const text =
      typeof manifests === 'string' ? manifests : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
    await this.run(['kubectl', 'apply', '-f', '-'], text);
  }

  /** Pods that the kubelet starts by itself, also while the API server is away. */
  async applyStatic(pods: readonly { readonly metadata: { readonly name: string } }[]): Promise<void> {
    const folder = join(this.state, 'static-pods');
    for (const pod of pods) await writeFile(join(folder, `${pod.metadata.name}.json`), JSON.stringify(pod));
  }

  /** Kills the API server (asked to end, it waits a minute for open watches), which then stays away until `startApiServer`. */
  async stopApiServer(): Promise<void> {
    await writeFile(join(this.state, 'apiserver-stays-down'), '');
    // Of this cluster alone: others may run beside it.
    const ofThis = ['--ns', String(this.pid), '--nslist', 'net'];
    await this.run(['pkill', '-KILL', ...ofThis, '-f', 'kube-apiserver --etcd']);
  }

  /** Starts the API server anew, with these options besides its own, and waits until it answers. */
  async restartApiServer(options: readonly string[]): Promise<void> {
    await writeFile(join(this.state, 'apiserver-options'), options.map((option) => `${option}\n`).join(''));
    await this.stopApiServer();
    await this.startApiServer();
    await this.#untilReady();
  }

  async startApiServer(): Promise<void> {
    await rm(join(this.state, 'apiserver-stays-down'), { force: true });
  }

  async #untilReady(): Promise<void> {
    await until(
      async () => (await this.kubectl('get', '--raw', '/readyz').catch(() => '')) === 'ok',
      API_SERVER_TIMEOUT_MS,
    );
  }

  /** Deletes what a test file before has made, however that ended. */
  async #clear(): Promise<void> {
    await this.startApiServer();
    await this.#untilReady();
    for (const file of await readdir(join(this.state, 'static-pods'))) await rm(join(this.state, 'static-pods', file));
    const all = (await this.kubectl('get', 'namespaces', '-o', 'name')).trim().split('\n');
    const made = all.filter((name) => !/^namespace\/(default|kube-.*)$/.test(name));
    if (made.length > 0) await this.kubectl('delete', '--wait=false', ...made);
    await this.kubectl('delete', '-n', 'default', 'serviceaccounts', '--field-selector', 'metadata.name!=default');
    await this.kubectl('delete', 'clusterroles,clusterrolebindings', '-l', 'app.kubernetes.io/name=wasprey');
    await this.kubectl('delete', 'pods', '--all', '-A', '--force', '--grace-period=0');
    if (made.length > 0) await this.kubectl('wait', '--for=delete', '--timeout=120s', ...made);
  }

  /** One that is shared stays: the next file clears it. */
  async stop(): Promise<void> {}
}

/** A cluster that this process has started. */
class OwnCluster extends Cluster {
  readonly #takeDown: () => Promise<void>;

  private constructor(place: ClusterPlace, takeDown: () => Promise<void>) {
    super(place);
    this.#takeDown = takeDown;
  }

  /** @param archives for the archives of its images; without it they end with it */
  static override async start(archives?: string): Promise<OwnCluster> {
    const folder = await mkdtemp('/var/tmp/wasprey-cluster-');
    const state = join(folder, 'state');
    const ownArchives = join(folder, 'archives');
    await mkdir(join(state, 'images'), { recursive: true });
    await mkdir(ownArchives);
    await makeOwnImages(folder, join(state, 'images'));
    const log = openSync(join(folder, 'up.log'), 'w');
    const up = spawn(join(SCRIPTS, 'up.sh'), [kubernetesPrograms(), state], { stdio: ['pipe', 'pipe', log] });
    const { stdin, stdout } = up;
    if (!stdin || !stdout) throw new TypeError('up.sh needs pipes');
    const ended = new Promise<void>((resolve) => up.once('close', () => resolve()));
    const takeDown = async (): Promise<void> => {
      stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    };
    const timer = setTimeout(() => up.kill(), START_TIMEOUT_MS);
    for await (const line of createInterface({ input: stdout })) {
      const pid = /^ready (\d+)$/.exec(line)?.[1];
      if (pid === undefined) continue;
      clearTimeout(timer);
      return new OwnCluster({ folder, pid: Number(pid), archives: archives ?? ownArchives }, takeDown);
    }
    const messages = readFileSync(join(folder, 'up.log'), 'utf8');
    await takeDown();
    throw new Error(`the cluster did not start: ${messages}`);
  }

  override async stop(): Promise<void> {
    await this.#takeDown();
  }
}

async function makeOwnImages(folder: string, to: string): Promise<void> {
  const shell = join(folder, 'shell');
  for (const name of ['bin', 'etc', 'tmp', 'root', 'proc', 'sys', 'dev'])
    await mkdir(join(shell, name), { recursive: true });
  await cp('/bin/busybox', join(shell, 'bin/busybox'));
  const applets = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', join(shell, 'bin', applet));
  await writeFile(
    join(shell, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  );
  await writeFile(join(shell, 'etc/group'), 'root:x:0:\n');
  await writeFile(join(shell, 'etc/shadow'), 'root:*:19000:0:99999:7:::\n', { mode: 0o600 });
  await chmod(join(shell, 'tmp'), 0o1777);
  const env = ['PATH=/bin'];
  await makeImage(SHELL_IMAGE, shell, join(to, 'shell.tar'), { Cmd: ['/bin/sh'], Env: env });
  const pause = join(folder, 'pause');
  await mkdir(pause);
  await cp(execFileSync('sh', ['-c', 'command -v catatonit'], { encoding: 'utf8' }).trim(), join(pause, 'pause'));
  await makeImage(PAUSE_IMAGE, pause, join(to, 'pause.tar'), { Entrypoint: ['/pause', '-P'] });
}
