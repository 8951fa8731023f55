// The web server of a run. It answers from the start on, so a readiness probe gets the reason why the agent is not ready yet.

import { release } from 'node:os';
import type { Agent } from '../../agent/agent.ts';
import { ENGINE_VERSION, printVersion } from '../../compiler/rules/items.ts';
import { schemaVersion } from '../../compiler/schema-version.ts';
import type { Configuration } from '../../config/definition.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { LogLevel } from '../../diagnostics/log.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { version } from '../../diagnostics/version.ts';
import { PathWatch } from '../hot-reload/path-watch.ts';
import type { MetricSource } from '../metrics/source.ts';
import { metricsText } from '../metrics/text.ts';
import { describeLeftOut, type Health, healthOf } from './health.ts';
import type { WebServer } from './server.ts';

export class AgentWebServer {
  readonly #startedAt = performance.now();
  #agent: Agent | undefined;
  #server: WebServer | undefined;
  #certificate: PathWatch | undefined;

  /**
   * Starts to answer, if the configuration enables it.
   * @param say logs the result of a changed certificate
   * @throws {CommandFailure} when it can't listen
   */
  static async start(
    configuration: Configuration,
    source: MetricSource,
    say: (level: LogLevel, message: string) => void,
  ): Promise<AgentWebServer> {
    const server = new AgentWebServer();
    const { enabled, ssl_enabled, ssl_certificate } = configuration.webserver;
    if (!enabled) return server;
    await server.#listen(configuration, source);
    if (ssl_enabled) server.#watchCertificate(ssl_certificate, say);
    return server;
  }

  /** Events are captured from now on. */
  watch(agent: Agent): void {
    this.#agent = agent;
  }

  /** Whether the run is alive, and whether it watches. */
  health(): Health {
    const agent = this.#agent;
    const startingMs = performance.now() - this.#startedAt;
    const failures = [...(agent?.leftOut().map(describeLeftOut) ?? []), ...(agent?.otherFailures() ?? [])];
    return healthOf(agent?.sign(), startingMs, agent?.hooks(), failures, agent?.images());
  }

  async close(): Promise<void> {
    this.#certificate?.close();
    await this.#server?.close();
  }

  async #listen({ webserver, metrics }: Configuration, { facts, choice }: MetricSource): Promise<void> {
    const { listen_address: address, listen_port: port, ssl_enabled: secure, ssl_certificate: certificate } = webserver;
    try {
      const { startWebServer } = await import('./server.ts');
      this.#server = await startWebServer({
        address,
        port,
        healthPath: webserver.k8s_healthz_endpoint,
        ...(secure && { certificate }),
        health: () => this.health(),
        versions: versions(),
        ...(metrics.enabled &&
          webserver.prometheus_metrics_enabled && {
            metrics: () => metricsText(facts, choice, this.#agent?.summary()),
          }),
      });
    } catch (error) {
      const at = `${address.includes(':') ? `[${address}]` : address}:${port}`;
      throw new CommandFailure(
        `the web server can't listen on ${at}: ${reasonOf(error)}`,
        'see webserver.listen_address, listen_port and ssl_certificate, or turn it off with -o webserver.enabled=false',
      );
    }
  }

  /** Certificates are renewed while the agent runs, often by something that knows nothing of the agent. */
  #watchCertificate(path: string, say: (level: LogLevel, message: string) => void): void {
    this.#certificate = new PathWatch([path], {
      onChange: () => {
        try {
          this.#server?.renewCertificate();
          say('info', `the web server uses the new certificate of ${path}`);
        } catch (error) {
          say('error', `the web server keeps the previous certificate: ${reasonOf(error)}`);
        }
      },
      onTrouble: (message) => say('warning', message),
    });
  }
}

/** Versions under Falco's names, for tools that choose rules by the version of the engine. */
function versions(): Readonly<Record<string, unknown>> {
  const { minor } = ENGINE_VERSION;
  return {
    wasprey_version: version(),
    engine_version: String(minor),
    engine_version_semver: printVersion(ENGINE_VERSION),
    schema_version: schemaVersion(),
    node_version: process.version,
    kernel_release: release(),
    plugin_versions: {},
  };
}
