// npm run soak: loads and faults on a real agent, all or those named; prints figures, and fails where something did not hold.
// usage: npm run soak [-- [--quick] [--list] [--help] [SCENARIO...]]

import { parseArgs } from 'node:util';
import { nearest } from '../../host/diagnostics/suggest.ts';
import { processTerminal } from '../../host/diagnostics/terminal.ts';
import { describeMachine } from '../bench/machine.ts';
import { WITHOUT_STOCK_RULES } from '../bench/rule-sets.ts';
import { rootIsMountPoint, runBelowOwnRoot } from '../own-root.ts';
import { kubernetesPrograms } from '../support/cluster/cluster.ts';
import { API_SERVER } from './api-server.ts';
import { CLOCK } from './clock.ts';
import { CONTAINERS } from './containers.ts';
import { DISK_FULL } from './disk-full.ts';
import { ALERT_BURSTS, SLOW_MODULE } from './fairness.ts';
import { FLOOD } from './flood.ts';
import { HANGING } from './hanging.ts';
import { MEMORY } from './memory.ts';
import { PROCESSES } from './processes.ts';
import { runScenario } from './run-scenario.ts';
import type { Outcome, Scenario } from './scenario.ts';
import { STOP } from './stop.ts';
import { STORMS } from './storms.ts';
import { held, renderEnd, renderOutcome } from './table.ts';

const SCENARIOS: readonly Scenario[] = [
  FLOOD,
  PROCESSES,
  STORMS,
  CONTAINERS,
  DISK_FULL,
  CLOCK,
  STOP,
  HANGING,
  API_SERVER,
  MEMORY,
  SLOW_MODULE,
  ALERT_BURSTS,
];

const USAGE = 'usage: npm run soak [-- [--quick] [--list] [--help] [SCENARIO...]]';
const HELP = `${USAGE}

Starts the agent as it is run in earnest, puts it under loads and faults, prints what came of it, and ends with status 1 where
something that must hold did not. Run it as root on a machine that does nothing else: it takes all CPUs, makes containers, and
the scenario 'clock' sets the machine's clock by an hour for some seconds. test/soak/README.md has figures.

  --quick  small numbers: whether everything works
  --list   the scenarios and the most that each may take

`;

const terminal = processTerminal();
// Of a scenario whose time was over something may still be under way.
process.exit(await main());

async function main(): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parsed({ quick: flag, list: flag, help: flag });
  if (values === undefined) return 2;
  if (values.help) terminal.print(`${HELP}${overview()}\n`);
  else if (values.list) terminal.print(`${overview()}\n`);
  if (values.help || values.list) return 0;
  const names = SCENARIOS.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, names);
    const help = meant === undefined ? `the scenarios are ${names.join(', ')}` : `did you mean ${meant}?`;
    terminal.say(`soak: there is no scenario '${unknown}'; ${help}\n`);
    return 2;
  }
  if (process.getuid?.() !== 0) {
    terminal.say('soak: it loads BPF programs, mounts file systems and makes containers: run it as root\n');
    return 1;
  }
  if (!rootIsMountPoint()) return runBelowOwnRoot();
  return runAll(
    SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    values.quick === true,
  );
}

function parsed<Options extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(options: Options) {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    terminal.say(`soak: ${error instanceof Error ? error.message : error}\n${USAGE}\n`);
    return { values: undefined, positionals: [] };
  }
}

async function runAll(scenarios: readonly Scenario[], quick: boolean): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  // Built once, which takes minutes: that is no part of a scenario's time.
  if (scenarios.includes(API_SERVER)) kubernetesPrograms();
  terminal.print(`${describeMachine().join('\n')}\n\n`);
  if (WITHOUT_STOCK_RULES) terminal.print(`With our own rules alone: the stock set ${WITHOUT_STOCK_RULES}\n\n`);
  const outcomes = new Map<string, Outcome>();
  for (const scenario of scenarios) {
    const progress = (text: string): void => terminal.say(`  ${scenario.name}: ${text}\n`);
    if (interrupt.signal.aborted) break;
    const outcome = await runScenario(scenario, { quick, progress, interrupted: interrupt.signal });
    outcomes.set(scenario.name, outcome);
    terminal.print(`${renderOutcome(scenario, outcome)}\n`);
  }
  terminal.print(`${renderEnd(outcomes)}\n`);
  return outcomes.size === scenarios.length && [...outcomes.values()].every(held) ? 0 : 1;
}

function overview(): string {
  return SCENARIOS.map(({ name, summary, seconds }) => {
    return `  ${name.padEnd(10)}  ${String(seconds).padStart(3)} s  ${summary}`;
  }).join('\n');
}
