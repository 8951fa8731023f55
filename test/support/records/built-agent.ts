// An agent on the builder source: real addon, sandbox, compiler and outputs, with events put where the kernel would put them.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, startAgent } from '../../../host/agent/agent.ts';
import type { AgentOptions } from '../../../host/agent/agent-options.ts';
import { loadRuleModule, type RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { type LoadOptions, loadRules } from '../../../host/compiler/rules/load.ts';
import { DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import { fileOutput } from '../../../host/outputs/file-output.ts';
import type { Output } from '../../../host/outputs/output.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { TEST_MODULES } from '../module-cache.ts';
import { eventRecord, imageRecord } from './records.ts';

const SIZES = { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 };

/** Compiles a rules file's text. */
export async function moduleOf(text: string, name = 'test rules', options: LoadOptions = {}): Promise<RuleModule> {
  const { rules, errors } = loadRules([{ name: 'test.yaml', text }], options);
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  const sources = rules.map(({ outputText, ...rule }) => ({ ...rule, output: outputText }));
  const { wasm } = await compileModule(sources, { cacheDirectory: TEST_MODULES, inThisProcess: true });
  return loadRuleModule(name, wasm);
}

/** A process as the kernel reports it, with what the tests don't care about filled in. */
export function process(id: number, input: StructInput): Uint8Array {
  return imageRecord({
    kind: 2,
    id,
    pid: 1000 + id,
    comm_bytes: 'test',
    cwd: '/',
    cgroup: '/',
    argv: 'test\0',
    ...input,
  });
}

/** An event of process `image`. */
export function event(type: string, image: number, input: StructInput = {}): Uint8Array {
  return eventRecord(type, { image, time: BigInt(Date.now()) * 1_000_000n, result: 3, fd: 3, ...input });
}

/** Reading /etc/shadow, by process `image`. */
export function shadowRead(image: number, input: StructInput = {}): Uint8Array {
  const name = '/etc/shadow';
  return event('openat', image, { kind: 'f'.charCodeAt(0), dirfd: -100, name, raw: name, resolved: name, ...input });
}

export interface BuiltAgent {
  readonly agent: Agent;
  /** Text lines written so far, without those that are not yet written out. */
  lines(): string[];
  /** The same alerts as JSON lines. */
  jsonLines(): string[];
  /** Waits until so many lines are there. Fails after half a minute. */
  waitForLines(count: number): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startBuiltAgent(
  modules: readonly RuleModule[],
  options: Partial<AgentOptions> = {},
  moreOutputs: readonly Output[] = [],
): Promise<BuiltAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-agent-'));
  const output = (name: string, json: boolean) =>
    fileOutput(join(folder, name), {
      json,
      format: DEFAULT_FORMAT,
      onError: (error) => {
        throw error;
      },
    });
  const outputs = [output('alerts.txt', false), output('alerts.json', true), ...moreOutputs];
  const agent = await startAgent({ source: 'builder', sizes: SIZES, modules, outputs, ...options });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
  return {
    agent,
    lines: () => read('alerts.txt'),
    jsonLines: () => read('alerts.json'),
    async waitForLines(count) {
      const deadline = performance.now() + 30_000;
      while (read('alerts.txt').length < count || read('alerts.json').length < count) {
        if (performance.now() > deadline) throw new Error(`${read('alerts.txt').length} of ${count} alerts after 30 s`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return read('alerts.txt');
    },
    async [Symbol.asyncDispose]() {
      await agent.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
