// CPU time that input of others takes: rule files, configurations, words of command lines, captures, modules, paths of
// cgroups. Each is made to take long. The aims are bounds: a figure above its aim fails the run.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNotes } from '../../host/captures/notes/read-notes.ts';
import { reportOf } from '../../host/captures/report/report.ts';
import { AutomatonTooLargeError, automatonOf } from '../../host/compiler/automata/automaton.ts';
import { regexPattern } from '../../host/compiler/automata/regex.ts';
import { ConditionSyntaxError } from '../../host/compiler/conditions/lexer.ts';
import { parseCondition } from '../../host/compiler/conditions/parser.ts';
import { parseTemplate, TemplateError } from '../../host/compiler/conditions/template.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { ConfigError } from '../../host/config/error.ts';
import { loadConfig } from '../../host/config/load.ts';
import { SecretMask } from '../../host/journal/secrets/mask-secrets.ts';
import { compileRuleModule } from '../../host/sandbox/compile-module.ts';
import { SandboxError } from '../../host/sandbox/error.ts';
import { instantiateRuleModule } from '../../host/sandbox/instantiate.ts';
import { runCandidates, runEvaluate } from '../../host/sandbox/run.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import {
  HOSTILE_CONDITIONS,
  HOSTILE_CONFIGS,
  HOSTILE_PATTERNS,
  HOSTILE_RULE_FILES,
  HOSTILE_TEMPLATES,
  HOSTILE_WORDS,
} from '../support/random/hostile-texts.ts';
import { forkChain } from '../support/records/fork-chain.ts';
import { testAddon } from '../support/records/test-addon.ts';
import { slowBehind } from '../support/sandbox/slow-behind-a-point.ts';
import { assembleText, check, sharedMemory, writeRecords } from '../support/sandbox/wasm-builder.ts';
import type { Benchmark, Figure } from './figure.ts';

interface Bound {
  readonly what: string;
  /** CPU time of the slowest input, in ms. */
  readonly aim: number;
  /** Of each input. */
  readonly run: (folder: string) => Iterable<() => void>;
}

/** The reader of events looks at each new one. */
const DEEPEST_CGROUP = '/a'.repeat(2047);

const BOUNDS: readonly Bound[] = [
  {
    what: 'a rule file',
    aim: 10_000,
    run: () => Object.values(HOSTILE_RULE_FILES).map((text) => () => loadRules([{ name: 'bounds.yaml', text }])),
  },
  {
    what: 'a condition',
    aim: 2000,
    run: () =>
      HOSTILE_CONDITIONS.map(
        ([, text]) =>
          () =>
            refusedOr(ConditionSyntaxError, () => parseCondition(text)),
      ),
  },
  {
    what: 'an output',
    aim: 5000,
    run: () => HOSTILE_TEMPLATES.map((text) => () => refusedOr(TemplateError, () => parseTemplate(text))),
  },
  {
    what: 'a regular expression',
    aim: 5000,
    run: () =>
      HOSTILE_PATTERNS.map((text) => () => refusedOr(AutomatonTooLargeError, () => automatonOf(regexPattern(text)))),
  },
  { what: 'a configuration', aim: 10_000, run: hostileConfigs },
  {
    what: 'words of 400 KB whose secrets are masked',
    aim: 3000,
    run: () => {
      const mask = new SecretMask();
      return HOSTILE_WORDS.map((text) => () => {
        mask.words(['curl', '-c', text, `${text} x`]);
        mask.text(text);
      });
    },
  },
  { what: 'the report of a capture of 16,000 forks in a row', aim: 8000, run: longCapture },
  { what: 'a batch in a hostile module', aim: 1000, run: hostileModules },
  {
    what: 'a batch in a module that is slow behind a point',
    aim: 200,
    run: () =>
      [2_500_000, 40_000_000, 640_000_000, 1_280_000_000].map((fuel) => {
        const instance = slowBehind(fuel);
        return () => runEvaluate(instance, 65_536, 65_536);
      }),
  },
  {
    what: "a container's path in the deepest cgroup, 1,000 times",
    aim: 1000,
    run: () => [
      () => {
        for (let time = 0; time < 1000; time++) testAddon.outermostContainerOf(DEEPEST_CGROUP);
      },
    ],
  },
];

export const BOUNDS_OF_INPUT: Benchmark = {
  name: 'bounds',
  summary: 'CPU time of the slowest input that others may give',
  areBounds: true,
  async run(session) {
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-bounds-'));
    try {
      return BOUNDS.map(({ what, aim, run }): Figure => {
        session.progress(what);
        const times = Array.from(run(folder), milliseconds);
        return { what, unit: 'ms', samples: [Math.max(...times)], aim, note: `the slowest of ${times.length}` };
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function milliseconds(work: () => void): number {
  const began = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1000;
}

/** To refuse it is an answer as well. */
function refusedOr(refusal: abstract new (...values: never[]) => Error, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

function* hostileConfigs(folder: string): Generator<() => void> {
  const path = join(folder, 'config.yaml');
  for (const text of Object.values(HOSTILE_CONFIGS)) {
    writeFileSync(path, text);
    yield () => refusedOr(ConfigError, () => loadConfig({ path, options: [], environment: {} }));
  }
}

function* longCapture(folder: string): Generator<() => void> {
  const path = join(folder, 'capture.wsp');
  const alert = { rule: 'r', priority: 'Critical', time: 1n, message: '', tags: [], fields: {} } as const;
  writeFileSync(path, forkChain(16_000, { ...alert, pid: 1001, container: 'host' }));
  const notes = readNotes(path);
  yield () => reportOf(path, notes);
}

/** Those that the verifier does not refuse. */
function* hostileModules(): Generator<() => void> {
  const [ring, rules, corpus] = [65_536, 2, join(PROJECT, 'test/sandbox-corpus')];
  for (const file of readdirSync(corpus).filter((name) => name.endsWith('.wat'))) {
    const text = readFileSync(join(corpus, file), 'utf8');
    const bytes = assembleText(text.replace(/\(check (\d+)\)/g, (_, charge: string) => check(Number(charge))));
    const memory = sharedMemory(2);
    const to = writeRecords(memory, ring, 3);
    try {
      const instance = instantiateRuleModule(compileRuleModule(bytes), { memory, ruleCount: rules, match: () => {} });
      yield () => {
        if (runCandidates(instance, ring, 0).ok) runEvaluate(instance, ring, to);
      };
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
    }
  }
}
