// What a guest says of its steps: the lines of its console that begin with "@wasprey " (guest/reporter.ts, guest/init.sh).

export type Result =
  | { readonly kind: 'booted'; readonly release: string; readonly seconds: number; readonly lsm: string }
  | {
      readonly kind: 'test';
      readonly test: string;
      readonly seconds: number;
      readonly error?: string;
      readonly skipped?: string;
    }
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'file'; readonly file: string; readonly text: string }
  /** Its tests have said whether they passed. `status`: of the process, which has ended in this step. */
  | { readonly kind: 'ends'; readonly step: string; readonly seconds: number; readonly status?: number };

export const MARK = '@wasprey ';

/** Undefined for other lines. Throws on one that is garbled. */
export function parseResult(line: string): Result | undefined {
  if (!line.startsWith(MARK)) return undefined;
  return JSON.parse(line.slice(MARK.length)) as Result;
}
