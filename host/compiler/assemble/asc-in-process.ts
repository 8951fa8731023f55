// asc in this process. It keeps 150 MB for good once it has run, so that only short-lived processes may.

import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';

/**
 * After how much work V8 optimizes a function of WebAssembly: its own number, and the one for Binaryen, which asc is half of. With its own, a
 * process that compiles two rules spent 0.4 of 1.5 s of CPU time on code that it ran no more. With 46 rules it is 4.3 s instead of 4.8.
 */
export const TIERING_BUDGET = 13_000_000;
const TIERING_BUDGET_OF_BINARYEN = 200_000_000;

/** What asc is given. Paths have no leading `./`. */
export interface AscJob {
  readonly entry: string;
  readonly files: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
}

/** What asc makes of a job, or what it has to say. */
export async function ascInProcess(job: AscJob): Promise<Uint8Array | { readonly failed: string }> {
  const { main } = await importAsc();
  let module: Uint8Array | undefined;
  const { error, stderr } = await main([job.entry, ...job.flags, '--outFile', 'module.wasm', '--baseDir', '/'], {
    readFile: (name) => job.files[name.replace(/^\.?\/+/, '')] ?? null,
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) module = typeof contents === 'string' ? Buffer.from(contents) : contents;
    },
    listFiles: () => [],
  });
  if (!error && module) return module;
  return { failed: `${stderr.toString()}\n${error?.message ?? 'asc wrote no module'}` };
}

/** V8 gives a module the number that the flag has when it is made. Rule modules have V8's own. */
async function importAsc(): Promise<typeof import('assemblyscript/asc')> {
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET_OF_BINARYEN}`);
  try {
    return await import('assemblyscript/asc');
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
  }
}
