// The page of a run: the board that takes its alerts, the server, and what is looked up for it.

import type { Agent } from '../../agent/agent.ts';
import type { Configuration } from '../../config/definition.ts';
import { listenAddress } from '../../config/listen-address.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { LogLevel } from '../../diagnostics/log.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { valueText } from '../../fields/text.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { decode } from '../../fields/value.ts';
import type { Alert } from '../../outputs/alert.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { agentStatusOf } from '../control/agent-status.ts';
import { troublesOf } from '../control/troubles.ts';
import { PathWatch } from '../hot-reload/path-watch.ts';
import type { RuleSelection } from '../rules/rule-selection.ts';
import { OneTimeToken } from './access.ts';
import { AlertBoard } from './alert-board.ts';
import { type Answer, Lookup } from './lookup.ts';
import type { ShownAlert, ShownStatus } from './messages.ts';
import { readPageFiles } from './page-files.ts';
import { type ConsoleHost, ConsoleServer } from './server.ts';
import { shownAlert } from './shown-alert.ts';

/** What of a run's settings the page needs. */
export interface ConsoleSettings {
  readonly configuration: Configuration;
  readonly modules: readonly string[];
  readonly ruleFiles: readonly string[];
  readonly selection: RuleSelection;
}

type Say = (level: LogLevel, message: string) => void;

export class Console {
  readonly board = new AlertBoard();
  readonly #lookup = new Lookup();
  #settings: ConsoleSettings;
  #agent: Agent | undefined;
  #server: ConsoleServer | undefined;
  #token: OneTimeToken | undefined;
  #certificate: PathWatch | undefined;

  private constructor(settings: ConsoleSettings) {
    this.#settings = settings;
  }

  /**
   * Starts to serve. Undefined if the configuration does not enable it, or another process has the port: any local user can take it, and must not
   * keep the agent from starting.
   * @param say logs a port that is taken, and the result of a changed certificate
   * @throws {CommandFailure} when the configuration can't be used
   */
  static async start(settings: ConsoleSettings, say: Say): Promise<Console | undefined> {
    if (!settings.configuration.console.enabled) return undefined;
    const page = new Console(settings);
    if (!(await page.#listen(settings.configuration, say))) return undefined;
    const { ssl_enabled, ssl_certificate } = settings.configuration.webserver;
    if (ssl_enabled) page.#watchCertificate(ssl_certificate, say);
    return page;
  }

  /** An address that opens the page once. */
  get link(): string {
    return this.#token?.link ?? '';
  }

  /** Events are captured from now on. */
  watch(agent: Agent): void {
    this.#agent = agent;
  }

  /** The settings have changed: where rule files and the journal are. Where it is served stays until the next start. */
  use(settings: ConsoleSettings): void {
    this.#settings = settings;
  }

  async close(): Promise<void> {
    this.#certificate?.close();
    this.#token?.remove();
    await this.#server?.close();
    this.#lookup.close();
  }

  /** False: the port is taken. */
  async #listen({ console: { listen, token_file: tokenFile }, webserver }: Configuration, say: Say): Promise<boolean> {
    const { ssl_enabled: isSecure, ssl_certificate: certificate } = webserver;
    const at = listenAddress(listen);
    if (!at)
      throw new CommandFailure(
        `the page can't be served at ${listen}: it is no address with a port`,
        'see console.listen',
      );
    const { address, port } = at;
    try {
      this.#server = await ConsoleServer.start({
        address,
        port,
        ...(isSecure && { certificate }),
        board: this.board,
        files: readPageFiles(),
        host: this.#host(),
      });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
        say('error', `the page is not served: another process has ${listen} (console.listen)`);
        return false;
      }
      throw new CommandFailure(
        `the page can't be served at ${listen}: ${reasonOf(error)}`,
        'see console.listen and webserver.ssl_certificate, or turn it off with -o console.enabled=false',
      );
    }
    try {
      const isAny = address === '0.0.0.0' || address === '::';
      const shown = isAny ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
      this.#token = new OneTimeToken(tokenFile, `${isSecure ? 'https' : 'http'}://${shown}:${this.#server.port}/`);
      this.#server.open(this.#token);
      return true;
    } catch (error) {
      await this.#server.close();
      throw new CommandFailure(
        `the page's token can't be written to ${tokenFile}: ${reasonOf(error)}`,
        'see console.token_file',
      );
    }
  }

  #host(): ConsoleHost {
    return {
      status: () => this.#status(),
      alert: (id) => this.#shown(id),
      rule: (id) => this.#ruleOf(id),
      journal: (id) => this.#journalOf(id),
    };
  }

  #status(): ShownStatus | undefined {
    const status = this.#agent && agentStatusOf(this.#agent);
    return status && { ...status, troubles: troublesOf(status) };
  }

  #shown(id: number): ShownAlert | undefined {
    const kept = this.board.alert(id);
    return kept && shownAlert(this.board.instance, id, kept.alert, kept.group);
  }

  async #ruleOf(id: number): Promise<Answer | undefined> {
    const alert = this.board.alert(id)?.alert;
    if (!alert) return undefined;
    const { modules, ruleFiles, selection } = this.#settings;
    if (alert.source === 'internal') return { kind: 'none', reason: 'the agent itself reports this: there is no rule' };
    if (modules.length > 0 && ruleFiles.length === 0) {
      return { kind: 'none', reason: 'the rules are compiled modules, which do not have macros and lists' };
    }
    const seen = [...alert.fields, ...(alert.details ?? [])].map(({ key, value }) => [key, value] as const);
    const { statics = {} } = selection;
    return this.#lookup.ask({ kind: 'rule', rule: alert.rule, files: ruleFiles, seen, statics });
  }

  async #journalOf(number: number): Promise<Answer | undefined> {
    const alert = this.board.alert(number)?.alert;
    if (!alert) return undefined;
    const { enabled, folder, secret_names: secretNames } = this.#settings.configuration.journal;
    if (!enabled)
      return { kind: 'none', reason: 'the journal is off: journal.enabled keeps what happens on this machine' };
    if (alert.source !== DEFAULT_SOURCE) return { kind: 'none', reason: 'alerts of this source have no process' };
    if (!alert.details) return { kind: 'none', reason: 'there were too many alerts at the time to read its process' };
    const [pid, session] = ['proc.pid', 'proc.sid'].map((key) => Number(textOf(alert, key) ?? 0));
    const id = textOf(alert, 'container.id') ?? 'host';
    return this.#lookup.ask({
      ...{ kind: 'journal', folder, secretNames, pid: pid ?? 0, session: session ?? 0 },
      time: Number(alert.time / NANOSECONDS_PER_MS),
      container: id === 'host' ? '' : id,
    });
  }

  #watchCertificate(path: string, say: Say): void {
    this.#certificate = new PathWatch([path], {
      onChange: () => {
        try {
          this.#server?.renewCertificate();
        } catch (error) {
          say('error', `the page keeps the previous certificate: ${reasonOf(error)}`);
        }
      },
      onTrouble: (message) => say('warning', message),
    });
  }
}

function textOf({ details = [] }: Alert, wanted: string): string | undefined {
  const value = details.find(({ key }) => key === wanted)?.value;
  return value && decode(valueText(value));
}
