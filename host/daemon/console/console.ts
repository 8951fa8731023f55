// The page of a run: the board that takes its alerts, the server, and what is looked up for it.

import type { Agent } from '../../agent/agent.ts';
import type { Configuration } from '../../config/definition.ts';
import { listenAddress } from '../../config/listen-address.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { LogLevel } from '../../diagnostics/log.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { InForceHost } from '../control/responses.ts';
import { PathWatch } from '../hot-reload/path-watch.ts';
import { OneTimeToken } from './access.ts';
import { AlertBoard } from './alert-board.ts';
import { Answers } from './answers.ts';
import type { ConsoleSettings } from './console-settings.ts';
import { Lookup } from './lookup.ts';
import { readPageFiles } from './page-files.ts';
import { ConsoleServer } from './server.ts';

type Say = (level: LogLevel, message: string) => void;

export class Console {
  readonly board = new AlertBoard();
  readonly #lookup = new Lookup();
  readonly #answers = new Answers({
    board: this.board,
    lookup: this.#lookup,
    settings: () => this.#settings,
    agent: () => this.#agent,
    responses: () => this.#responses,
    onAction: (message) => this.#say('notice', message),
  });
  readonly #say: Say;
  #settings: ConsoleSettings;
  #agent: Agent | undefined;
  #responses: InForceHost | undefined;
  #server: ConsoleServer | undefined;
  #token: OneTimeToken | undefined;
  #certificate: PathWatch | undefined;

  private constructor(settings: ConsoleSettings, say: Say) {
    this.#settings = settings;
    this.#say = say;
  }

  /**
   * Starts to serve. Undefined if the configuration does not enable it, or another process has the port: any local user can take it, and must not
   * keep the agent from starting.
   * @param say logs a port that is taken, the result of a changed certificate, and what the page changes
   * @throws {CommandFailure} when the configuration can't be used
   */
  static async start(settings: ConsoleSettings, say: Say): Promise<Console | undefined> {
    if (!settings.configuration.console.enabled) return undefined;
    const page = new Console(settings, say);
    if (!(await page.#listen(settings.configuration))) return undefined;
    const { ssl_enabled, ssl_certificate } = settings.configuration.webserver;
    if (ssl_enabled) page.#watchCertificate(ssl_certificate);
    return page;
  }

  /** An address that opens the page once. */
  get link(): string {
    return this.#token?.link ?? '';
  }

  /** Events are captured from now on. @param responses keeps what is in force */
  watch(agent: Agent, responses?: InForceHost): void {
    this.#agent = agent;
    this.#responses = responses;
  }

  /** The settings have changed: where rule files and the journal are, and whether the page may act. Where it is served stays until the next start. */
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
  async #listen({ console: { listen, token_file: tokenFile }, webserver }: Configuration): Promise<boolean> {
    const { ssl_enabled: isSecure, ssl_certificate: certificate } = webserver;
    const at = listenAddress(listen);
    if (!at)
      throw new CommandFailure(
        `the page can't be served at ${listen}: it is not an address with a port`,
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
        host: this.#answers,
      });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
        this.#say('error', `the page is not served: another process has ${listen} (console.listen)`);
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

  #watchCertificate(path: string): void {
    this.#certificate = new PathWatch([path], {
      onChange: () => {
        try {
          this.#server?.renewCertificate();
        } catch (error) {
          this.#say('error', `the page keeps the previous certificate: ${reasonOf(error)}`);
        }
      },
      onTrouble: (message) => this.#say('warning', message),
    });
  }
}
