// The report of a capture as JSON (host/captures/README.md): everything that the text has, without its cuts.

import { escapeLines } from '../../diagnostics/escape.ts';
import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import { commandLineOf, deedText } from './command-line.ts';
import type { TreeProcess } from './process-tree.ts';
import type { Report } from './report.ts';

/** ns since the epoch are texts: they are not exact as JSON numbers. */
export function reportJson(report: Report, mask: SecretMask): string {
  const { hostname, kernel, terms, alerts, place, shown, branch, fired, timeline, files, connections, state } = report;
  const processes = [...shown];
  const numbers = new Map(processes.map((process, index) => [process, index]));
  const numberOf = (process: TreeProcess | undefined): number | null => (process && numbers.get(process)) ?? null;
  const numbersOf = (some: ReadonlySet<TreeProcess>): number[] =>
    [...some].flatMap((process) => numbers.get(process) ?? []);
  const json = {
    hostname,
    kernel,
    terms,
    alerts: alerts.map((alert) => ({
      ...alert,
      message: mask.message(alert.message),
      fields: Object.fromEntries(Object.entries(alert.fields).map(([name, value]) => [name, mask.text(value)])),
    })),
    place,
    // Others refer to a process by its place in this list.
    processes: processes.map((process) => ({
      pid: process.pid,
      parent: numberOf(process.parent),
      began: process.began ?? null,
      ended: process.ended ?? null,
      fired: fired.has(process),
      onBranch: branch.has(process),
      programs: process.programs.map((program) => ({
        time: program.time,
        name: program.name,
        commandLine: commandLineOf(program, mask),
        executable: program.executable,
        user: program.user,
      })),
    })),
    timeline: timeline.map(({ time, process, deed, times }) => ({
      time,
      process: numberOf(process),
      kind: deed.kind,
      text: deedText(deed, mask),
      times,
    })),
    files: files.map(({ path, verbs, processes: by, layer }) => ({
      path,
      verbs: [...verbs],
      processes: numbersOf(by),
      ...(layer && { size: layer.size, mode: layer.mode, sha256: layer.sha256 }),
    })),
    connections: connections.map(({ peer, verb, processes: by, times, failures }) => ({
      peer,
      verb,
      processes: numbersOf(by),
      times,
      failures,
    })),
    state: state && {
      ...state,
      processes: state.processes.map((process) => ({
        ...process,
        arguments: mask.words(process.arguments),
      })),
    },
    events: report.events,
    complete: report.damage.length === 0,
    damage: report.damage,
    missing: report.missing,
  };
  const text = JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 1);
  // What a terminal may act on only occurs in strings, where it can be escaped.
  return `${escapeLines(text)}\n`;
}
