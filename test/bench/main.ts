// npm run bench: runs the benchmarks, all or those named, and prints what they found.
// usage: npm run bench [-- [--quick] [--no-kernel-filter] [--hooks fexit] [NAME...]]     FALCO=COMMAND FALCO_CONFIG=FILE: Falco is measured beside it

import { parseArgs } from 'node:util';
import { processTerminal } from '../../host/diagnostics/terminal.ts';
import { AUDIT } from './audit.ts';
import { BACKTEST } from './backtest.ts';
import { BOUNDS_OF_INPUT } from './bounds.ts';
import { CONNECTIONS } from './connections.ts';
import { CPU_PER_EVENT } from './cpu-per-event.ts';
import { ENFORCEMENT } from './enforcement.ts';
import { ENFORCEMENT_RACES } from './enforcement-races.ts';
import { falcoHere } from './falco.ts';
import { BenchError, type Benchmark, type Falco, type Session } from './figure.ts';
import { FLOOD } from './flood.ts';
import { GROWTH } from './growth/growth.ts';
import { HOLD } from './hold.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { JOURNAL } from './journal.ts';
import { LATENCY } from './latency.ts';
import { describeMachine } from './machine.ts';
import { MEMORY } from './memory.ts';
import { OVERHEAD } from './overhead.ts';
import { PAGE } from './page.ts';
import { PROCESSES } from './processes.ts';
import { PROGRAMS } from './programs.ts';
import { RECORDED_EVALUATION } from './recorded-evaluation.ts';
import { REMEMBERED_NAMES } from './remembered-names.ts';
import { capturingAgents } from './ring-counters.ts';
import { RULE_COUNT } from './rule-count.ts';
import { WITHOUT_STOCK_RULES } from './rule-sets.ts';
import { STARTUP } from './startup.ts';
import { SWAP } from './swap.ts';
import { isReached, renderFigures } from './table.ts';
import { THROUGHPUT } from './throughput.ts';

const BENCHMARKS: readonly Benchmark[] = [
  OVERHEAD,
  INSTRUCTIONS,
  PROGRAMS,
  REMEMBERED_NAMES,
  CPU_PER_EVENT,
  PROCESSES,
  CONNECTIONS,
  RECORDED_EVALUATION,
  RULE_COUNT,
  THROUGHPUT,
  LATENCY,
  STARTUP,
  MEMORY,
  SWAP,
  FLOOD,
  HOLD,
  JOURNAL,
  PAGE,
  BACKTEST,
  GROWTH,
  ENFORCEMENT,
  ENFORCEMENT_RACES,
  AUDIT,
  BOUNDS_OF_INPUT,
];

const terminal = processTerminal();
process.exitCode = await main();

async function main(): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = { quick: flag, 'no-kernel-filter': flag, hooks: { type: 'string' }, help: flag } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const unknown = positionals.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  const wrongHooks = values.hooks !== undefined && values.hooks !== 'fexit';
  if (values.help || unknown !== undefined || wrongHooks) {
    if (unknown !== undefined) terminal.say(`bench: there is no benchmark '${unknown}'\n`);
    if (wrongHooks) terminal.say(`bench: --hooks has fexit alone: sys_exit is always measured\n`);
    terminal.say(`usage: npm run bench [-- [--quick] [--no-kernel-filter] [--hooks fexit] [NAME...]]\n${overview()}\n`);
    return values.help ? 0 : 2;
  }
  if (process.getuid?.() !== 0) {
    terminal.say('bench: it loads BPF programs and reads /etc/shadow: run it as root\n');
    return 1;
  }
  terminal.print(`${describeMachine().join('\n')}\n\n`);
  if (WITHOUT_STOCK_RULES) terminal.print(`With our own rules alone: the stock set ${WITHOUT_STOCK_RULES}\n\n`);
  const others = capturingAgents();
  if (others > 0) {
    const agents = others === 1 ? 'an agent captures' : `${others} agents capture`;
    terminal.print(
      `${agents} here already: what system calls cost without one can't be told, and all else is slower\n\n`,
    );
  }
  const falco = falcoOrFailure();
  if (falco === 'failure') return 1;
  const session = {
    quick: values.quick,
    run: values['no-kernel-filter'] ? ['--no-kernel-filter'] : [],
    ...(values.hooks === 'fexit' && { fexit: true as const }),
    ...(falco && { falco }),
  };
  let failures = 0;
  for (const benchmark of BENCHMARKS) {
    if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
    if (!(await run(benchmark, session))) failures++;
  }
  return failures === 0 ? 0 : 1;
}

function falcoOrFailure(): Falco | undefined | 'failure' {
  try {
    return falcoHere();
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    terminal.say(`bench: ${error.message}\n`);
    return 'failure';
  }
}

/** Whether it could be measured and keeps to its bounds, or is left out. The others are run all the same. */
async function run(benchmark: Benchmark, given: Omit<Session, 'progress'>): Promise<boolean> {
  const missing = benchmark.missing?.() ?? false;
  if (missing !== false) {
    terminal.say(`bench: ${benchmark.name} is left out: it ${missing}\n\n`);
    return true;
  }
  const progress = (text: string): void => terminal.say(`  ${benchmark.name}: ${text}\n`);
  try {
    const figures = await benchmark.run({ ...given, progress });
    terminal.print(`${renderFigures(`${benchmark.name}: ${benchmark.summary}`, figures, given.falco?.name)}\n`);
    return !benchmark.areBounds || figures.every(isReached);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    terminal.say(`bench: ${benchmark.name} can't be measured: ${error.message}\n\n`);
    return false;
  }
}

function overview(): string {
  return BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(10)}  ${summary}`).join('\n');
}
