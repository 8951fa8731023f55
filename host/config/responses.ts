// The responses of a configuration, and what is wrong with them.

import { MappedText } from '../compiler/rules/mapped-text.ts';
import { HOST_ACTIONS, KERNEL_ACTIONS } from '../responses/available-actions.ts';
import { ALLOWED_NAMES, readAllowed } from '../responses/isolation/reachable.ts';
import { parseRate } from '../responses/rate.ts';
import type { ActionKind, NeverSettings, Response, ResponseMatch, ResponseSettings } from '../responses/settings.ts';
import { sourcesOfUnless } from '../responses/unless.ts';
import { UnlessError } from '../responses/unless-error.ts';
import { parsePriority } from '../schema/priority.ts';
import type { Configuration } from './definition.ts';
import {
  type ConfigAdvice,
  type ConfigDiagnostic,
  type ConfigErrorCode,
  configDiagnostic,
  type Origin,
} from './error.ts';

/** Where nothing else is given: what a pod or container may say of itself. */
const OPT_OUT: ReadonlyMap<string, string> = new Map([['wasprey.io/responses', 'off']]);
const NO_RATE = { count: 0, milliseconds: 60_000 };
/** It stands in alerts and on command lines. */
const LONGEST_NAME = 100;

/** Keys that only some actions have. */
const KEYS_OF: Readonly<Record<'undo_after' | 'grace' | 'allow' | 'labels', readonly ActionKind[]>> = {
  undo_after: ['pause_container', 'isolate_container', 'label_pod'],
  grace: ['stop_container'],
  allow: ['isolate_container'],
  labels: ['label_pod'],
};

/** Actions that programs in the kernel can take. */
const IN_KERNEL: readonly ActionKind[] = ['kill_process', 'deny'];

/** Networks of `allow`; the rest of the room that an isolation has is for the addresses of names. */
const ALLOWED_MOST = 48;

/** Keys and values of labels, as the API server checks them. */
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

type Entry = Configuration['responses']['actions'][number];

/** What there is to act with. */
export interface AvailableActions {
  readonly host: readonly ActionKind[];
  readonly kernel: readonly ActionKind[];
}

const AVAILABLE: AvailableActions = { host: HOST_ACTIONS, kernel: KERNEL_ACTIONS };

export interface ConfiguredResponses {
  readonly settings: ResponseSettings;
  readonly diagnostics: readonly ConfigDiagnostic[];
}

/** @param available default: what this version has */
export function readResponses(
  { responses }: Pick<Configuration, 'responses'>,
  origins: ReadonlyMap<string, Origin>,
  available: AvailableActions = AVAILABLE,
): ConfiguredResponses {
  return new ResponseReader(origins, available).read(responses);
}

class ResponseReader {
  readonly #origins: ReadonlyMap<string, Origin>;
  readonly #available: AvailableActions;
  readonly #diagnostics: ConfigDiagnostic[] = [];

  constructor(origins: ReadonlyMap<string, Origin>, available: AvailableActions) {
    this.#origins = origins;
    this.#available = available;
  }

  read({ mode, limits, never, hosts, pinned, actions }: Configuration['responses']): ConfiguredResponses {
    const settings: ResponseSettings = {
      mode,
      perContainer: this.#rate('responses.limits.per_container', limits.per_container),
      perNode: this.#rate('responses.limits.per_node', limits.per_node),
      never: neverOf(never, this.#origins),
      hosts,
      pinned,
      responses: actions.flatMap((entry, index) => this.#response(entry, `responses.actions[${index}]`) ?? []),
    };
    if (pinned) this.#checkPinned(settings.responses);
    this.#refuseSameNames(actions);
    for (const key of never.labels.keys()) {
      if (!LABEL_KEY.test(key)) this.#note(`responses.never.labels.${key}`, `Kubernetes allows no label ${key}`);
    }
    return { settings, diagnostics: this.#diagnostics };
  }

  #rate(path: string, text: string): ResponseSettings['perNode'] {
    const rate = parseRate(text);
    if (!rate) this.#note(path, `${path} can't be '${text}'`, { help: 'write a number, a slash and a time: 5/1m' });
    return rate ?? NO_RATE;
  }

  #response(entry: Entry, path: string): Response | undefined {
    const { name = '', do: action, where = 'host', unless } = entry;
    if (name === '' || name.length > LONGEST_NAME || /\p{C}/u.test(name)) {
      const message = name === '' ? 'a response needs a name' : "this can't be the name of a response";
      this.#note(this.#given(`${path}.name`, path), message, { help: `it has 1 to ${LONGEST_NAME} characters` });
    }
    if (action === undefined) {
      this.#note(path, `response ${name} has no action`, { help: 'write for instance: do: pause_container' });
      return undefined;
    }
    this.#checkAction(entry, action, where, path);
    this.#checkKeys(entry, action, path);
    const match = this.#match(entry, path);
    if (unless !== undefined) this.#checkUnless(unless, `${path}.unless`);
    return {
      name,
      match,
      action,
      where,
      ...(unless !== undefined && { unless }),
      ...(entry.undo_after !== undefined && { undoAfterMs: entry.undo_after }),
      ...(entry.grace !== undefined && { graceMs: entry.grace }),
      ...(entry.allow && { allow: entry.allow }),
      ...(entry.labels && { labels: entry.labels }),
    };
  }

  #checkAction({ unless }: Entry, action: ActionKind, where: Response['where'], path: string): void {
    const key = `${path}.do`;
    if (action === 'deny' && where === 'host') {
      const help = 'add where: kernel, or write do: kill_process';
      this.#conflict(key, 'deny needs where: kernel: when the agent hears of a call it has happened', { help });
      return;
    }
    if (where === 'kernel' && !IN_KERNEL.includes(action)) {
      const help = `in the kernel there are ${IN_KERNEL.join(' and ')}`;
      this.#conflict(`${path}.where`, `${action} is not possible in the kernel`, { help });
      return;
    }
    if (where === 'kernel' && unless !== undefined) {
      const help = 'write the exception into the rule, or leave out where: kernel';
      this.#conflict(`${path}.unless`, 'a response with where: kernel has no unless', { help });
    }
    const possible = this.#available[where];
    if (possible.includes(action)) return;
    const help = possible.length === 0 ? 'no action can be performed there' : `it has ${possible.join(', ')}`;
    const place = where === 'kernel' ? ' in the kernel' : '';
    this.#note(key, `this version can't do ${action}${place}`, { help });
  }

  /** Whether their rules allow it is known once these are compiled. */
  #checkPinned(responses: readonly Response[]): void {
    for (const { name, action, where } of responses) {
      if (where === 'host' || action === 'deny') continue;
      const message = `responses.pinned: response ${name} kills, which takes a running agent`;
      const help = 'write do: deny, or leave out responses.pinned';
      this.#conflict('responses.pinned', message, { help });
    }
  }

  #checkKeys(entry: Entry, action: ActionKind, path: string): void {
    for (const [key, actions] of Object.entries(KEYS_OF)) {
      if (!Object.hasOwn(entry, key) || actions.includes(action)) continue;
      this.#conflict(`${path}.${key}`, `${key} is for ${actions.join(', ')}, and not for ${action}`, {
        help: 'leave it out',
      });
    }
    this.#checkAllow(entry.allow ?? [], `${path}.allow`);
    if (action !== 'label_pod') return;
    const labels = [...(entry.labels ?? [])];
    if (labels.length === 0) {
      const help = 'write for instance: labels: {quarantine: "true"}';
      this.#conflict(this.#given(`${path}.labels`, `${path}.do`), 'label_pod needs labels', { help });
    }
    for (const [key, value] of labels) {
      if (LABEL_KEY.test(key) && LABEL_VALUE.test(value)) continue;
      this.#note(`${path}.labels.${key}`, `Kubernetes allows no label ${key}: ${value}`);
    }
  }

  #checkAllow(allow: readonly string[], path: string): void {
    const help = `write a network, an address and a port, or ${ALLOWED_NAMES.join(' or ')}: 10.0.0.0/8, 10.1.2.3:443, [fd00::1]:443`;
    for (const [index, text] of allow.entries()) {
      if (!readAllowed(text)) this.#note(`${path}[${index}]`, `nothing is reached by '${text}'`, { help });
    }
    // Names stand for some addresses each.
    if (allow.length > ALLOWED_MOST)
      this.#note(path, `allow has more than ${ALLOWED_MOST} entries`, { help: 'write larger networks' });
  }

  #match({ match }: Entry, path: string): ResponseMatch {
    const { rules, tags, priority } = match ?? {};
    const place = this.#given(`${path}.match`, path);
    if (rules === undefined && tags === undefined && priority === undefined) {
      const help = 'write for instance: match: {rules: ["Reverse shell*"]}; rules: ["*"] is for all rules';
      this.#note(place, 'a response needs a match: rules, tags or priority', { help });
    }
    for (const [key, list] of [['rules', rules] as const, ['tags', tags] as const]) {
      if (list?.length === 0) this.#note(`${path}.match.${key}`, `an empty list of ${key} is for no alert`);
      for (const [index, text] of (list ?? []).entries()) {
        if (text === '')
          this.#note(`${path}.match.${key}[${index}]`, `no rule has an empty ${key === 'rules' ? 'name' : 'tag'}`);
      }
    }
    const least = priority === undefined ? undefined : parsePriority(priority);
    return { ...(rules && { rules }), ...(tags && { tags }), ...(least && { priority: least }) };
  }

  /** With the compiler's code, at the place in the condition. */
  #checkUnless(text: string, path: string): void {
    try {
      sourcesOfUnless(text);
    } catch (error) {
      if (!(error instanceof UnlessError)) throw error;
      const { message, start, end, help } = error;
      const whole = this.#origins.get(path);
      const at = whole && placeIn(whole, text, start, end);
      if (at) this.#diagnostics.push(configDiagnostic('LOAD_ERR_COMPILE_CONDITION', message, at, { help }));
    }
  }

  #refuseSameNames(actions: readonly Entry[]): void {
    const seen = new Map<string, number>();
    for (const [index, { name = '' }] of actions.entries()) {
      const first = seen.get(name);
      if (first === undefined) seen.set(name, index);
      else if (name !== '') {
        const origin = this.#origins.get(`responses.actions[${first}].name`);
        const notes = origin ? [`first in line ${origin.file.position(origin.start).line} of ${origin.file.name}`] : [];
        this.#note(`responses.actions[${index}].name`, `a second response is named ${name}`, { notes });
      }
    }
  }

  /** The path of a key if it was given, or else of what it is missing in. */
  #given(path: string, otherwise: string): string {
    return this.#origins.has(path) ? path : otherwise;
  }

  #note(path: string, message: string, advice?: ConfigAdvice): void {
    this.#add('CONFIG_VALUE', path, message, advice);
  }

  #conflict(path: string, message: string, advice?: ConfigAdvice): void {
    this.#add('CONFIG_CONFLICT', path, message, advice);
  }

  #add(code: ConfigErrorCode, path: string, message: string, advice?: ConfigAdvice): void {
    const origin = this.#origins.get(path);
    if (origin) this.#diagnostics.push(configDiagnostic(code, message, origin, advice));
  }
}

function neverOf(
  { namespaces, labels, executables }: Configuration['responses']['never'],
  origins: ReadonlyMap<string, Origin>,
): NeverSettings {
  return { namespaces, labels: origins.has('responses.never.labels') ? labels : OPT_OUT, executables };
}

/** The place of a part of a value's text; of the whole where variables were replaced in it. */
function placeIn(whole: Origin, text: string, start: number, end: number): Origin {
  const written = whole.file.text.slice(whole.start, whole.end);
  if (written.includes('${')) return whole;
  const scalar = { kind: 'scalar', text, start: whole.start, end: whole.end } as const;
  return MappedText.of(whole.file, scalar).locateBytes(start, end) ?? whole;
}
