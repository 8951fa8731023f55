// Docker for tests: Debian's dockerd, not installed, with all that it keeps in a folder of its own, in namespaces that end with it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, globSync, mkdirSync, rmdirSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cachedFolder } from '../../../deploy/cached-folder.ts';
import { DebianArchive } from '../../../deploy/debian/archive.ts';
import { NEWEST } from '../../../deploy/debian/releases.ts';
import { ownArchitecture } from '../../../deploy/tree/architecture.ts';
import { makeDirectory } from '../directory.ts';
import { until } from '../until.ts';

const START_MS = 30_000;
const CGROUP = 'wasprey-docker';
/** With these labels, unless a container replaces them. */
export const IMAGE_LABELS = { 'wasprey.io/responses': 'off', team: 'x' };

/** $0 is the folder, $1 dockerd, which writes to /run, too. It is killed when a line comes. */
const START = `
  mount --make-rprivate / && mount -t proc proc /proc && mount -t tmpfs tmpfs /run &&
  echo '{}' > "$0/config" &&
  "$1" --config-file "$0/config" --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" --host "unix://$0/docker.sock" \
    --cgroup-parent /${CGROUP} --iptables=false --ip6tables=false --userland-proxy=false --bridge=none --storage-driver=vfs --log-level=error &
  read -r _; kill -KILL $!; exec sleep infinity`;

export class DockerDaemon implements AsyncDisposable {
  readonly socket: string;
  readonly #directory = makeDirectory();
  readonly #process: ChildProcess;
  #said = '';

  private constructor() {
    this.socket = join(this.#directory.path, 'docker.sock');
    const words = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', START, this.#directory.path, dockerd()];
    this.#process = spawn('unshare', words, { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#process.stderr?.on('data', (data) => {
      this.#said += data;
    });
  }

  /** With an image that has busybox's sh and sleep, and IMAGE_LABELS. */
  static async start(): Promise<DockerDaemon> {
    const daemon = new DockerDaemon();
    try {
      await until(async () => (await daemon.ask('GET', '/_ping').catch(() => undefined)) !== undefined, START_MS);
      await daemon.#importImage();
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw new Error(`Docker does not work: ${daemon.#said}`, { cause: error });
    }
  }

  /** Starts a container; resolves to its id. */
  async run(name: string, command: readonly string[], labels: Readonly<Record<string, string>> = {}): Promise<string> {
    const settings = { Image: 'box', Cmd: command, Labels: labels, HostConfig: { NetworkMode: 'none' } };
    const { Id: id } = (await this.ask('POST', `/containers/create?name=${name}`, JSON.stringify(settings))) as {
      readonly Id: string;
    };
    await this.ask('POST', `/containers/${id}/start`);
    return id;
  }

  /** Runs a program in a container, as `docker exec` does; resolves to its exit status. */
  async exec(id: string, command: readonly string[]): Promise<number> {
    const { Id: exec } = (await this.ask('POST', `/containers/${id}/exec`, JSON.stringify({ Cmd: command }))) as {
      readonly Id: string;
    };
    await this.ask('POST', `/exec/${exec}/start`, JSON.stringify({ Detach: true }));
    return until(async () => {
      const state = (await this.ask('GET', `/exec/${exec}/json`)) as { readonly ExitCode: number | null };
      return state.ExitCode ?? undefined;
    });
  }

  /** What Docker says of a container's state. */
  async state(id: string): Promise<Readonly<Record<string, unknown>>> {
    return ((await this.ask('GET', `/containers/${id}/json`)) as { readonly State: Record<string, unknown> }).State;
  }

  /** A request of its API; resolves to the answer. */
  async ask(method: string, path: string, body?: string | Buffer): Promise<unknown> {
    const type = typeof body === 'string' ? 'application/json' : 'application/x-tar';
    const sent = request({ socketPath: this.socket, method, path, headers: { 'content-type': type } });
    sent.end(body);
    const [response] = await once(sent, 'response');
    const answer = await text(response);
    if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
    return response.headers['content-type'] === 'application/json' && answer !== '' ? JSON.parse(answer) : answer;
  }

  /** It does not answer any more, and its containers go on. */
  async end(): Promise<void> {
    this.#process.stdin?.write('\n');
    await until(() =>
      this.ask('GET', '/_ping').then(
        () => false,
        () => true,
      ),
    );
  }

  async #importImage(): Promise<void> {
    const root = join(this.#directory.path, 'image');
    mkdirSync(join(root, 'bin'), { recursive: true });
    copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
    for (const name of ['sh', 'sleep']) symlinkSync('busybox', join(root, 'bin', name));
    const archive = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 64 << 20 });
    const labels = Object.entries(IMAGE_LABELS).map(([key, value]) => `${key}=${value}`);
    const changes = encodeURIComponent(`LABEL ${labels.join(' ')}`);
    await this.ask('POST', `/images/create?fromSrc=-&repo=box&changes=${changes}`, archive);
  }

  /** With its containers. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'close');
    }
    this.#directory.remove();
    const folders = globSync(`/sys/fs/cgroup/{,*/}${CGROUP}{,/*}`).sort().reverse();
    await until(() => folders.filter((folder) => !isRemoved(folder)).length === 0);
  }
}

/** Processes that were killed take a moment to leave their groups. */
function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Path of dockerd, which Debian's docker.io has; the rest of its programs are containerd's and runc. */
function dockerd(): string {
  const file = new DebianArchive({ suite: NEWEST.suite, architecture: ownArchitecture().name }).packageAlone(
    'docker.io',
  );
  const folder = cachedFolder('docker', [file], (to) => execFileSync('dpkg-deb', ['--extract', file, to]));
  return join(folder, 'usr/sbin/dockerd');
}
