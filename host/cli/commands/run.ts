// wasprey run: watches this machine and prints alerts, until a signal stops it.

import { renderUnused } from '../../daemon/configuration.ts';
import type { Console } from '../../daemon/console/console.ts';
import { followArtifacts } from '../../daemon/followed-artifacts.ts';
import { logOf, syslogOf } from '../../daemon/log.ts';
import { metricSource } from '../../daemon/metrics/source.ts';
import { prepareCapture } from '../../daemon/prepare-capture.ts';
import { readRunRules } from '../../daemon/rule-source.ts';
import type { RunStart } from '../../daemon/run.ts';
import { RUN_OPTIONS } from '../../daemon/run-options.ts';
import { ServiceNotifier, takeServiceManager } from '../../daemon/service-notify.ts';
import { type RunSettings, runSettings } from '../../daemon/settings.ts';
import { AgentWebServer } from '../../daemon/web/agent-server.ts';
import type { Log } from '../../diagnostics/log.ts';
import { SILENT, type Terminal } from '../../diagnostics/terminal.ts';
import { takeIdleWorker } from '../../engine/host/idle-worker.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';

export const RUN = defineCommand({
  name: 'run',
  usage: '[RULES...]',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Watches the system calls of this machine, evaluates the rules, and prints an alert for each match, until Ctrl-C. RULES are
    files, or folders with .yaml and .yml files, as one set in the order given; the default is the rules that come with
    Wasprey. They are compiled if necessary. Messages and the summary at the end go to standard error.

    Under systemd it reports when it watches, reloads and stops (Type=notify), and notifies the watchdog (WatchdogSec) as long
    as it evaluates events.

    It needs root, or CAP_BPF and CAP_PERFMON, and a kernel of 6.1 or newer with BTF; \`wasprey doctor\` checks. With
    \`--disable-source syscall\` it receives audit events of Kubernetes alone (sources.k8s_audit), and needs neither.`,
  status: {
    ok: 'It was stopped by Ctrl-C, a signal or --duration.',
    failure: 'It could not start, or the engine failed and watching ended.',
  },
  options: RUN_OPTIONS,
  examples: [
    { command: 'wasprey run', effect: 'Watches with the rules that come with Wasprey.' },
    {
      command: 'wasprey run -c falco.yaml -o json_output=true',
      effect: 'Watches with a configuration of Falco, and prints JSON.',
    },
    { command: 'wasprey run base.yaml site/ --json', effect: 'Watches with your own rules, and prints JSON.' },
    {
      command: 'wasprey run -m rules.wasm --output alerts.log',
      effect: 'Watches with compiled rules, and appends the alerts to a file.',
    },
    {
      command: "wasprey run base.yaml --priority warning --disable 'Read *'",
      effect: 'Watches with the more severe rules, without those whose names match.',
    },
  ],
  async run({ options, operands }, terminal) {
    // Before any program is started that would inherit its variables.
    const manager = takeServiceManager(process.env);
    const settings = await runSettings(options, operands, terminal);
    const own = await logOf(settings, terminal);
    await prepare(settings.sources.includes(DEFAULT_SOURCE) ? 'capture' : 'native');
    const idleWorker = takeIdleWorker();
    await using syslog = syslogOf(settings, own);
    const log = syslog.log;
    const warn = (message: string): void => log.say('warning', message);
    await using service = new ServiceNotifier(manager, warn);
    reportUnused(settings, log, terminal);
    const metrics = metricSource(settings.configuration, settings.configFiles);
    const server = await AgentWebServer.start(settings.configuration, metrics, (level, message) =>
      log.say(level, message),
    );
    const page = await startPage(settings, log, own);
    try {
      using followed = await followArtifacts(settings, warn);
      // What is followed may be there only now.
      const follows = settings.configuration.follow.length > 0;
      const leftOut: string[] = [];
      const leavesOut = settings.configuration.engine.wasprey.invalid_rules === 'leave_out';
      const rules = readRunRules(
        follows ? await runSettings(options, operands, SILENT) : settings,
        leavesOut ? ({ message }) => leftOut.push(message) : undefined,
      );
      const start: RunStart = {
        modules: await rules.load({
          terminal,
          warn,
          progress: log.format === 'text',
          inBackground: false,
          onEventTypes: (types) => prepareCapture(idleWorker, settings, types),
          ...(leavesOut && { onLeftOut: (errors) => leftOut.push(...errors) }),
        }),
        // Each source is compiled by itself, and has the errors of the files.
        leftOut: [...new Set(leftOut)],
        rulesHash: rules.hash,
        settings,
        metrics,
        idleWorker,
        page,
        service,
        onAgent: (agent) => followed.reportTo(agent),
        settingsNow: (into) => runSettings(options, operands, into),
      };
      const { Run } = await import('../../daemon/run.ts');
      return await new Run(start, server, log, terminal).untilStopped();
    } finally {
      await page?.close();
      await server.close();
    }
  },
});

/**
 * The page, whose address is the first thing that a newcomer sees. Logs that others read do not have what opens it.
 * @param own the log without its copy in syslog
 */
async function startPage(settings: RunSettings, log: Log, own: Log): Promise<Console | undefined> {
  if (!settings.configuration.console.enabled) return undefined;
  const { Console } = await import('../../daemon/console/console.ts');
  const page = await Console.start(settings, (level, message) => log.say(level, message));
  if (!page) return undefined;
  if (process.stderr.isTTY) own.say('info', `the page (this address opens it once): ${page.link}`);
  else
    log.say(
      'info',
      `the page is served at ${settings.configuration.console.listen}: \`wasprey console\` prints an address that opens it`,
    );
  return page;
}

function reportUnused({ unused }: RunSettings, log: Log, terminal: Terminal): void {
  if (unused.length === 0) return;
  if (log.format === 'text') log.say('notice', renderUnused(unused, terminal));
  else {
    const keys = Object.fromEntries(unused.map(({ path, reason }) => [path, reason]));
    log.say('notice', 'these keys of the configuration have no effect here', { keys });
  }
}
