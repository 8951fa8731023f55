// asc in this process. It keeps 150 MB for good once it has run, so that only short-lived processes may.

import { Buffer } from 'node:buffer';
import { main } from 'assemblyscript/asc';

/** What asc is given. Paths have no leading `./`. */
export interface AscJob {
  readonly entry: string;
  readonly files: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
}

/** What asc makes of a job, or what it has to say. */
export async function ascHere(job: AscJob): Promise<Uint8Array | { readonly failed: string }> {
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
