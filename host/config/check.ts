// Checks that concern several keys of a configuration.

import { nearest } from '../diagnostics/suggest.ts';
import { outputSection, outputValues } from '../outputs/kinds/kind.ts';
import { OUTPUT_NAMES, OUTPUTS } from '../outputs/kinds/outputs.ts';
import { ALL_EVENT_NAMES, isEventName } from '../schema/event-names.ts';
import { readAppendOutput } from './append-output.ts';
import { checkAuditSource } from './audit-source.ts';
import { checkConsole } from './console.ts';
import type { Configuration } from './definition.ts';
import type { Origin } from './error.ts';
import { type ConfigDiagnostic, configDiagnostic } from './error.ts';
import { readResponses } from './responses.ts';
import { checkSessions } from './sessions.ts';

type Origins = ReadonlyMap<string, Origin>;

export function checkConfiguration(configuration: Configuration, origins: Origins): ConfigDiagnostic[] {
  return [
    ...checkRules(configuration, origins),
    ...checkOutputs(configuration, origins),
    ...checkNoise(configuration, origins),
    ...checkServer(configuration, origins),
    ...checkDrops(configuration, origins),
    ...checkEvents(configuration, origins),
    ...checkAuditSource(configuration, origins),
    ...checkSessions(configuration, origins),
    ...checkConsole(configuration, origins),
    ...readAppendOutput(configuration, origins).diagnostics,
    ...readResponses(configuration, origins).diagnostics,
  ];
}

function checkRules({ rules, rules_file, rules_files }: Configuration, origins: Origins): ConfigDiagnostic[] {
  const found: ConfigDiagnostic[] = [];
  const both = origins.get('rules_file');
  if (both && rules_file.length > 0 && rules_files.length > 0) {
    const help = 'rules_file is the older name of rules_files: leave it out';
    found.push(configDiagnostic('CONFIG_CONFLICT', 'rules_file and rules_files exclude each other', both, { help }));
  }
  for (const [index, { enable, disable }] of rules.entries()) {
    const origin = origins.get(`rules[${index}]`);
    const selected = enable ?? disable;
    const alone = selected && !(enable && disable) && (selected.rule === undefined) !== (selected.tag === undefined);
    if (alone || !origin) continue;
    const help = 'write for instance: - disable: {rule: "Read *"}';
    const message = 'an item of rules needs either enable or disable, with either a rule or a tag';
    found.push(configDiagnostic('CONFIG_VALUE', message, origin, { help }));
  }
  return found;
}

/** Outputs that are on but do not know where to, and values that they can't use. */
function checkOutputs(configuration: Configuration, origins: Origins): ConfigDiagnostic[] {
  return OUTPUTS.flatMap((kind) => {
    const section = outputSection(kind);
    const values = outputValues(kind, configuration);
    const { needs, check } = kind;
    const found: ConfigDiagnostic[] = [];
    const on = origins.get(`${section}.enabled`);
    if (needs !== undefined && values.enabled && values[needs] === '' && on) {
      found.push(configDiagnostic('CONFIG_CONFLICT', `${section} is on, and needs ${section}.${needs}`, on));
    }
    for (const { key, help } of check?.(values) ?? []) {
      const origin = origins.get(`${section}.${key}`);
      const message = `${section}.${key} can't be '${values[key]}'`;
      if (origin) found.push(configDiagnostic('CONFIG_VALUE', message, origin, { help }));
    }
    return found;
  });
}

function checkNoise({ noise }: Configuration, origins: Origins): ConfigDiagnostic[] {
  return [...noise.outputs.keys()].flatMap((name) => {
    const origin = origins.get(`noise.outputs.${name}`);
    if (!origin || OUTPUT_NAMES.includes(name)) return [];
    const help = `they are ${OUTPUT_NAMES.join(', ')}`;
    return [configDiagnostic('CONFIG_VALUE', `unknown output ${name}`, origin, { help })];
  });
}

function checkDrops({ syscall_event_drops: { actions } }: Configuration, origins: Origins): ConfigDiagnostic[] {
  const origin = origins.get(`syscall_event_drops.actions[${actions.indexOf('ignore')}]`);
  const other = actions.find((action) => action === 'log' || action === 'alert');
  if (!origin || other === undefined) return [];
  const message = `syscall_event_drops.actions can't be both ignore and ${other}`;
  return [configDiagnostic('CONFIG_CONFLICT', message, origin, { help: 'leave one of them out' })];
}

function checkServer({ webserver }: Configuration, origins: Origins): ConfigDiagnostic[] {
  const { k8s_healthz_endpoint: path } = webserver;
  const origin = origins.get('webserver.k8s_healthz_endpoint');
  if (!origin || /^\/[^?#\s]*$/.test(path)) return [];
  const help = 'it begins with a /, for instance /healthz';
  return [configDiagnostic('CONFIG_VALUE', `webserver.k8s_healthz_endpoint can't be '${path}'`, origin, { help })];
}

function checkEvents({ base_syscalls }: Configuration, origins: Origins): ConfigDiagnostic[] {
  return base_syscalls.custom_set.flatMap((written, index) => {
    const name = written.replace(/^!/, '');
    const origin = origins.get(`base_syscalls.custom_set[${index}]`);
    if (!origin || isEventName(name)) return [];
    const near = nearest(name, ALL_EVENT_NAMES);
    const help =
      near === undefined
        ? '`wasprey list events` lists what is captured'
        : `did you mean ${written.replace(name, near)}?`;
    return [configDiagnostic('CONFIG_VALUE', `unknown system call ${name}`, origin, { help })];
  });
}
