// An agent with the rules that Wasprey ships, as `wasprey run` loads them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { LiveAgent } from './live-agent.ts';
import { Container } from './live-container.ts';

const RULES = join(import.meta.dirname, '../../../rules');

/** The texts of the files, in the order in which they are loaded. */
export function shippedRules(): string[] {
  return readdirSync(RULES)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => readFileSync(join(RULES, name), 'utf8'));
}

/** The agent with those rules, and two containers to do in what they are about. */
export class RuleScene {
  readonly agent = LiveAgent.forTests(shippedRules);
  #box: Container | undefined;
  #debian: Container | undefined;

  private constructor() {}

  /** For the tests of a file: the agent starts before the first test; all of it ends after the last. */
  static forTests(): RuleScene {
    const scene = new RuleScene();
    after(() => {
      scene.#box?.stop();
      scene.#debian?.stop();
    });
    return scene;
  }

  /** busybox, and act in the place of a server. */
  get box(): Container {
    this.#box ??= new Container();
    return this.#box;
  }

  /** With bash, perl and Debian's package tools, and with the capability to set up its own network. */
  get debian(): Container {
    const capabilities = ['NET_ADMIN', 'DAC_OVERRIDE', 'CHOWN', 'FOWNER', 'SETUID', 'SETGID'].map(
      (name) => `CAP_${name}`,
    );
    this.#debian ??= new Container({ root: 'host', capabilities });
    return this.#debian;
  }

  /** The fields of the one alert of that rule for the process with that command line. */
  async reported(rule: string, cmdline: string, container: string): Promise<Readonly<Record<string, unknown>>> {
    const alert = await this.agent.only(rule, { 'proc.cmdline': cmdline, 'container.id': container });
    return alert.output_fields;
  }

  async notReported(rule: string, cmdline: string): Promise<void> {
    await this.agent.none(rule, { 'proc.cmdline': cmdline });
  }
}
