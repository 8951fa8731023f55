// Whether the kernel can preempt BPF programs on the exits of its functions (fexit). On tracepoints it can't before Linux 7.0.

import { readFileSync } from 'node:fs';
import { release, version } from 'node:os';
import { gunzipSync } from 'node:zlib';

export interface PreemptionFacts {
  /** The kernel's version, as `uname -v` prints it. */
  readonly version: string;
  /** Contents of /sys/kernel/debug/sched/preempt. */
  readonly chosen: string | undefined;
  /** The kernel's command line. */
  readonly commandLine: string | undefined;
  /** The configuration that the kernel was built with. */
  readonly config: string | undefined;
}

/** The choices of a kernel that is built with PREEMPT_DYNAMIC under which nothing is preempted that does not ask for it. */
const SAFE: readonly string[] = ['none', 'voluntary'];

/** In the configuration of such a kernel: what it does unless told otherwise. */
const BUILT_SAFE = /^CONFIG_PREEMPT_(NONE|VOLUNTARY)=y$/m;
const BUILT_PREEMPTED = /^CONFIG_PREEMPT(_LAZY)?=y$/m;

/** Why programs may be preempted, a clause; undefined: they can't be. */
export function preemption({ version: built, chosen, commandLine, config }: PreemptionFacts): string | undefined {
  const model = built.split(' ').find((word) => word.startsWith('PREEMPT'));
  if (model === undefined) return undefined;
  if (model !== 'PREEMPT_DYNAMIC') return `the kernel is preemptible (${model})`;
  const mode = /\((\w+)\)/.exec(chosen ?? '')?.[1] ?? asked(commandLine);
  if (mode !== undefined) return SAFE.includes(mode) ? undefined : `the kernel is preemptible (preempt=${mode})`;
  if (config !== undefined && BUILT_SAFE.test(config)) return undefined;
  if (config !== undefined && BUILT_PREEMPTED.test(config)) return 'the kernel is preemptible (by its configuration)';
  return 'it is unknown whether the kernel is preemptible: neither /sys/kernel/debug/sched/preempt nor its configuration can be read';
}

/** The last valid one counts. */
function asked(commandLine = ''): string | undefined {
  // What is behind -- is for init.
  const words = commandLine.replace(/\s--(\s.*)?$/s, '').replace(/"[^"]*"/g, '');
  const modes = [...words.matchAll(/(?:^|\s)preempt=(none|voluntary|full|lazy)(?=\s|$)/g)];
  return modes.at(-1)?.[1];
}

export function readPreemptionFacts(): PreemptionFacts {
  const chosen = contentOf('/sys/kernel/debug/sched/preempt')?.toString();
  return {
    version: version(),
    chosen,
    commandLine: contentOf('/proc/cmdline')?.toString(),
    config: chosen === undefined ? kernelConfig() : undefined,
  };
}

function kernelConfig(): string | undefined {
  const packed = contentOf('/proc/config.gz');
  if (packed) return gunzipSync(packed).toString();
  return (contentOf(`/boot/config-${release()}`) ?? contentOf(`/lib/modules/${release()}/config`))?.toString();
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
