// Checks that concern several keys of a configuration.

import { nearest } from '../diagnostics/suggest.ts';
import { parsePlace } from '../outputs/syslog/place.ts';
import { ALL_EVENT_NAMES, isEventName } from '../schema/event-names.ts';
import { readAppendOutput } from './append-output.ts';
import type { Configuration } from './definition.ts';
import type { Origin } from './error.ts';
import { type ConfigDiagnostic, configDiagnostic } from './error.ts';
import { NOISE_OUTPUTS } from './keys/noise.ts';

type Origins = ReadonlyMap<string, Origin>;

export function checkConfiguration(configuration: Configuration, origins: Origins): ConfigDiagnostic[] {
  return [
    ...checkRules(configuration, origins),
    ...checkOutputs(configuration, origins),
    ...checkNoise(configuration, origins),
    ...checkServer(configuration, origins),
    ...checkDrops(configuration, origins),
    ...checkSyslog(configuration, origins),
    ...checkEvents(configuration, origins),
    ...readAppendOutput(configuration, origins).diagnostics,
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

/** Outputs that are on but lack their target. */
function checkOutputs(configuration: Configuration, origins: Origins): ConfigDiagnostic[] {
  const { file_output, program_output, http_output, alertmanager_output, otlp_output } = configuration;
  const needs = [
    ['file_output', file_output.enabled, 'filename', file_output.filename],
    ['program_output', program_output.enabled, 'program', program_output.program],
    ['http_output', http_output.enabled, 'url', http_output.url],
    ['alertmanager_output', alertmanager_output.enabled, 'url', alertmanager_output.url],
    ['otlp_output', otlp_output.enabled, 'url', otlp_output.url],
  ] as const;
  return needs.flatMap(([output, enabled, key, value]) => {
    const origin = origins.get(`${output}.enabled`);
    if (!enabled || value !== '' || !origin) return [];
    return [configDiagnostic('CONFIG_CONFLICT', `${output} is on, and needs ${output}.${key}`, origin)];
  });
}

function checkNoise({ noise }: Configuration, origins: Origins): ConfigDiagnostic[] {
  return [...noise.outputs.keys()].flatMap((name) => {
    const origin = origins.get(`noise.outputs.${name}`);
    if (!origin || NOISE_OUTPUTS.some((known) => known === name)) return [];
    const help = `they are ${NOISE_OUTPUTS.join(', ')}`;
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

function checkSyslog({ syslog_output: { address, ident } }: Configuration, origins: Origins): ConfigDiagnostic[] {
  const wrong = [
    ['address', address, parsePlace(address) !== undefined, 'it is a path, udp://HOST:PORT or tcp://HOST:PORT'],
    ['ident', ident, /^[\x21-\x7e]{1,48}$/.test(ident), 'it is a word of 48 characters at most'],
  ] as const;
  return wrong.flatMap(([key, value, isRight, help]) => {
    const origin = origins.get(`syslog_output.${key}`);
    if (isRight || !origin) return [];
    return [configDiagnostic('CONFIG_VALUE', `syslog_output.${key} can't be '${value}'`, origin, { help })];
  });
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
