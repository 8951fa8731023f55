// A registry for tests: Debian's docker-registry on a loopback port.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../servers/free-port.ts';

const START_MS = 20_000;

export class LiveRegistry {
  /** HOST:PORT */
  readonly host: string;
  /** Its own, for what a test writes as well. */
  readonly folder: string;
  readonly #process: ChildProcess;

  private constructor(host: string, folder: string, process: ChildProcess) {
    this.host = host;
    this.folder = folder;
    this.#process = process;
  }

  static async start(): Promise<LiveRegistry> {
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-registry-'));
    const host = `127.0.0.1:${await freePort()}`;
    const configuration = {
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
      http: { addr: host },
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'config.yml'), JSON.stringify(configuration));
    const process = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    const registry = new LiveRegistry(host, folder, process);
    const deadline = Date.now() + START_MS;
    while (!(await answers(host))) {
      if (Date.now() > deadline || process.exitCode !== null) {
        registry.stop();
        throw new Error('docker-registry did not start');
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return registry;
  }

  /** It does not answer any more; what a test has written stays. */
  pause(): void {
    this.#process.kill('SIGKILL');
  }

  stop(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function answers(host: string): Promise<boolean> {
  try {
    await (await fetch(`http://${host}/v2/`)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}
