// Loads rule files and compiles them to AssemblyScript, as `validate` does, in a thread whose memory is bounded.

import { parentPort } from 'node:worker_threads';
import { translateRules } from '../../host/compiler/compile.ts';
import { leaveOutInvalid } from '../../host/compiler/rules/leave-out.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../host/compiler/rules/rule.ts';

export interface Checked {
  /** The errors of the loader. */
  readonly errors: readonly string[];
  /** The rules that remain without what is invalid, and what compiling these reports. */
  readonly rules: number;
  readonly remarks: readonly string[];
}

parentPort?.on('message', (text: string) => {
  const files = [{ name: 'macros.yaml', text }];
  const { errors } = loadRules(files, { everyError: true });
  const { result } = leaveOutInvalid(files);
  const { diagnostics } = translateRules(result.rules.map(ruleSourceOf));
  const checked: Checked = {
    errors: errors.map(({ message }) => message),
    rules: result.rules.length,
    remarks: diagnostics.map(({ message }) => message),
  };
  parentPort?.postMessage(checked);
});
