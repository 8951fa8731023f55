// A real Kubernetes with one node, from test/cluster/kubernetes: started once a test file, with the images that it needs.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { makeImage } from '../../deploy/image/oci-archive.ts';
import { DOWNLOAD_CACHE } from '../../host/setup/paths.mjs';

const SCRIPTS = join(import.meta.dirname, '../cluster/kubernetes');

/** Every applet of busybox under /bin. */
export const SHELL_IMAGE = 'registry.test/shop/shell:1.37';
const PAUSE_IMAGE = 'registry.test/pause:1';

/** Longest time that the cluster has to be ready, on a machine that does other work as well. */
const START_TIMEOUT_MS = 180_000;

export interface ClusterImage {
  readonly name: string;
  /** An OCI archive. */
  readonly archive: string;
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

export class Cluster {
  readonly #folder: string;
  readonly #process: ReturnType<typeof spawn>;
  readonly #ended: Promise<void>;
  #pid = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    const log = openSync(join(folder, 'up.log'), 'w');
    this.#process = spawn(join(SCRIPTS, 'up.sh'), [kubernetesPrograms(), this.state], { stdio: ['pipe', 'pipe', log] });
    this.#ended = new Promise((resolve) => this.#process.once('close', () => resolve()));
  }

  static async start(images: readonly ClusterImage[] = []): Promise<Cluster> {
    const folder = await mkdtemp('/var/tmp/wasprey-cluster-');
    const ownImages = join(folder, 'state/images');
    await mkdir(ownImages, { recursive: true });
    await makeOwnImages(folder, ownImages);
    for (const [index, { archive }] of images.entries()) await symlink(archive, join(ownImages, `given-${index}.tar`));
    const cluster = new Cluster(folder);
    try {
      await cluster.#ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Folder with the sockets, logs and certificates. */
  get state(): string {
    return join(this.#folder, 'state');
  }

  get containerdSocket(): string {
    return join(this.state, 'containerd.sock');
  }

  get kubeconfig(): string {
    return join(this.state, 'certificates/admin.conf');
  }

  /** Process whose namespaces the cluster has. */
  get pid(): number {
    return this.#pid;
  }

  async #ready(): Promise<void> {
    const { stdout } = this.#process;
    if (!stdout) throw new TypeError('up.sh needs a pipe');
    const timer = setTimeout(() => this.#process.kill(), START_TIMEOUT_MS);
    for await (const line of createInterface({ input: stdout })) {
      const pid = /^ready (\d+)$/.exec(line)?.[1];
      if (pid === undefined) continue;
      clearTimeout(timer);
      this.#pid = Number(pid);
      return;
    }
    throw new Error(`the cluster did not start: ${readFileSync(join(this.#folder, 'up.log'), 'utf8')}`);
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
    return ['-t', String(this.#pid), '-n', '-m', '--', 'env', `KUBECONFIG=${this.kubeconfig}`, ...words];
  }

  /** Output of kubectl. */
  async kubectl(...words: string[]): Promise<string> {
    return (await this.run(['kubectl', ...words])).stdout;
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
    await this.run(['pkill', '-KILL', '-f', 'kube-apiserver --etcd']);
  }

  async startApiServer(): Promise<void> {
    await rm(join(this.state, 'apiserver-stays-down'), { force: true });
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
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
