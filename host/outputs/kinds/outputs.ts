// The outputs there are. A new one is a file here that describes it, and a line in this table: its keys, their checks and their documentation,
// the limits of `noise`, and what of a changed configuration applies while the agent runs follow from it.

import { ALERTMANAGER } from './alertmanager.ts';
import { FILE } from './file.ts';
import { HTTP } from './http.ts';
import { type OutputKind, outputSection } from './kind.ts';
import { OTLP } from './otlp.ts';
import { PROGRAM } from './program.ts';
import { STDOUT } from './stdout.ts';
import { SYSLOG } from './syslog.ts';

const DEFINED = [STDOUT, FILE, SYSLOG, PROGRAM, HTTP, ALERTMANAGER, OTLP] as const;

export const OUTPUTS: readonly OutputKind[] = DEFINED;

type Defined = (typeof DEFINED)[number];
type Sections = { readonly [Each in Defined as `${Each['name']}_output`]: Each['keys'] };

/** Their sections, as keys of the configuration. */
export const OUTPUT_SECTIONS = Object.fromEntries(OUTPUTS.map((kind) => [outputSection(kind), kind.keys])) as Sections;

export const OUTPUT_NAMES: readonly string[] = OUTPUTS.map(({ name }) => name);
