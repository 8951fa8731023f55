// An agent on the builder source that serves the page: events are put where the kernel would put them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../../../host/agent/agent.ts';
import type { AgentOptions } from '../../../host/agent/agent-options.ts';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { Configuration } from '../../../host/config/definition.ts';
import { DEFINITION } from '../../../host/config/definition.ts';
import { defaultsOf } from '../../../host/config-values/defaults.ts';
import { Console } from '../../../host/daemon/console/console.ts';
import type { InForceHost } from '../../../host/daemon/control/responses.ts';
import { ALL_ENABLED } from '../../../host/daemon/rules/rule-selection.ts';
import { moduleOf, startBuiltAgent } from '../records/built-agent.ts';
import { freePort } from '../servers/free-port.ts';

export interface PageAgent {
  readonly agent: Agent;
  readonly page: Console;
  /** An address that opens the page once. */
  link(): string;
  readonly tokenFile: string;
  /** The page's address. */
  readonly origin: string;
  /** Sets `console.actions`, as a configuration that changes does. */
  allowActions(isOn: boolean): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PageAgentOptions {
  /** Default: any that is free. */
  readonly port?: number;
  readonly journal?: string;
  /** The folder of captures. Default: none is there. */
  readonly captures?: string;
  /** `console.actions` */
  readonly actions?: boolean;
  /** Who keeps what is in force. Default: nobody. */
  readonly responses?: InForceHost;
  /** Beside that of the rules. */
  readonly modules?: readonly RuleModule[];
  /** Of the agent itself. */
  readonly agent?: Partial<AgentOptions>;
  /** What the page logs. Default: it logs nothing. */
  readonly onLog?: (message: string) => void;
}

/** The key that the agent takes the module as signed by. */
export const SIGNER = '0123456789abcdef';

/** @param rules text of a rules file */
export async function startPageAgent(
  rules: string,
  { port, journal, captures, actions, responses, modules = [], agent, onLog }: PageAgentOptions = {},
): Promise<PageAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-page-'));
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, rules);
  const base: Configuration = defaultsOf(DEFINITION);
  const configuration: Configuration = {
    ...base,
    console: {
      enabled: true,
      listen: `127.0.0.1:${port ?? (await freePort())}`,
      token_file: join(folder, 'console.token'),
      actions: actions ?? false,
    },
    capture: { ...base.capture, path_prefix: join(captures ?? join(folder, 'captures'), 'capture') },
    ...(journal !== undefined && { journal: { ...base.journal, enabled: true, folder: journal } }),
  };
  const settings = { configuration, modules: [], ruleFiles: [file], selection: ALL_ENABLED };
  const page = await Console.start(settings, (_, message) => {
    if (!onLog) throw new Error(message);
    onLog(message);
  });
  if (!page) throw new Error('the page is off');
  const module = { ...(await moduleOf(rules)), signedBy: [SIGNER] };
  const options = { ...agent, hasDetails: true, ruleMatching: 'all' } as const;
  const built = await startBuiltAgent([module, ...modules], options, [page.board]);
  page.watch(built.agent, responses);
  return {
    agent: built.agent,
    page,
    link: () => page.link,
    tokenFile: configuration.console.token_file,
    origin: new URL(page.link).origin,
    allowActions: (isOn) => {
      const console = { ...configuration.console, actions: isOn };
      page.use({ ...settings, configuration: { ...configuration, console } });
    },
    async [Symbol.asyncDispose]() {
      await page.close();
      await built[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
