// What the page asks for, by path: each is answered from the board, the agent's state, or a look-up.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Agent } from '../../agent/agent.ts';
import { totalsByType } from '../../engine/counts/event-totals.ts';
import { valueText } from '../../fields/text.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { decode } from '../../fields/value.ts';
import type { Alert } from '../../outputs/alert.ts';
import { bootId } from '../../responses/ledger/time-left.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import { agentStatusOf } from '../control/agent-status.ts';
import { answerOfResponses, type InForceHost, type UndoAnswer } from '../control/responses.ts';
import { troublesOf } from '../control/troubles.ts';
import { examinedSettings } from '../places/examined-settings.ts';
import { runtimePlaces } from '../places/metadata-places.ts';
import { isSpan, SPANS } from './activity/messages.ts';
import type { AlertBoard } from './alert-board.ts';
import type { ConsoleSettings } from './console-settings.ts';
import type { Answer, Lookup } from './lookup.ts';
import type { ShownStatus } from './messages.ts';
import type { ShownInForce, ShownUndo } from './responses/messages.ts';
import { shownInForce } from './responses/shown-in-force.ts';
import { shownAlert } from './shown-alert.ts';

const COMPILED = 'the rules are compiled modules, which do not have macros and lists';
const MINUTE_MS = 60_000;
const JOURNAL_OFF = 'the journal is off: journal.enabled keeps what happens on this machine';

/** What the answers are made of. Settings and the agent are what they are at the time. */
export interface AnswerSources {
  readonly board: AlertBoard;
  readonly lookup: Lookup;
  readonly settings: () => ConsoleSettings;
  readonly agent: () => Agent | undefined;
  /** Who keeps what responses have in force. */
  readonly responses: () => InForceHost | undefined;
  /** Logs what was asked for by the page, and changes something. */
  readonly onAction: (message: string) => void;
}

export class Answers {
  readonly #sources: AnswerSources;

  constructor(sources: AnswerSources) {
    this.#sources = sources;
  }

  /** @param path below that of the session. Undefined: there is no such thing. */
  async get(path: string): Promise<unknown> {
    const [kind, name = '', part, ...more] = path.split('/').map(decoded);
    if (more.length > 0) return undefined;
    switch (kind) {
      case 'status':
        return name === '' ? this.#status() : undefined;
      case 'groups':
        return part === undefined ? this.#sources.board.alertsOf(numberOf(name)) : undefined;
      case 'alerts':
        return this.#ofAlert(numberOf(name), part);
      case 'rules':
        return part === undefined ? this.#explained(name) : undefined;
      case 'doctor':
        return path === kind ? this.#examined() : undefined;
      case 'activity':
        return this.#activity(name, part);
      case 'captures':
        if (part !== undefined) return undefined;
        return path === kind ? this.#captures() : this.#capture(name);
      default:
        return undefined;
    }
  }

  /** Answers a request with a text. The server lets requests that change something through only where `allowsActions` says so. */
  async post(path: string, text: string): Promise<unknown> {
    const [kind, name = '', part, ...more] = path.split('/').map(decoded);
    if (more.length > 0) return undefined;
    if (kind === 'captures' && part === 'rule') return this.#tryRule(name, text);
    if (kind === 'responses' && part === 'undo') return this.#undo(name);
    return undefined;
  }

  get allowsActions(): boolean {
    return this.#sources.settings().configuration.console.actions;
  }

  #status(): ShownStatus | undefined {
    const agent = this.#sources.agent();
    const status = agent && agentStatusOf(agent);
    if (!status) return undefined;
    const { engine } = agent.summary();
    return { ...status, troubles: troublesOf(status), eventTypes: engine ? totalsByType(engine.capture) : [] };
  }

  #ofAlert(id: number, part: string | undefined): unknown {
    const { board } = this.#sources;
    const kept = board.alert(id);
    if (!kept) return undefined;
    const { alert, group } = kept;
    switch (part) {
      case undefined:
        return shownAlert(board.instance, id, alert, group);
      case 'rule':
        return this.#ruleOf(alert);
      case 'journal':
        return this.#journalOf(alert);
      case 'session':
        return this.#sessionOf(alert);
      case 'hold-back':
        return this.#holdBack(alert);
      case 'in-force':
        return this.#inForceOn(alert);
      default:
        return undefined;
    }
  }

  async #ruleOf(alert: Alert): Promise<Answer> {
    const files = this.#ruleFiles;
    if (alert.source === 'internal') return { kind: 'none', reason: 'the agent itself reports this: there is no rule' };
    if (!files) return { kind: 'none', reason: COMPILED };
    const seen = [...alert.fields, ...(alert.details ?? [])].map(({ key, value }) => [key, value] as const);
    return this.#sources.lookup.ask({ kind: 'rule', rule: alert.rule, files, seen, statics: this.#statics });
  }

  async #explained(rule: string): Promise<Answer> {
    const files = this.#ruleFiles;
    if (!files) return { kind: 'none', reason: COMPILED };
    return this.#sources.lookup.ask({ kind: 'explain', rule, files, statics: this.#statics });
  }

  #examined(): Promise<Answer> {
    const { configuration } = this.#sources.settings();
    const settings = examinedSettings(configuration);
    return this.#sources.lookup.ask({ kind: 'examine', places: runtimePlaces(configuration), settings });
  }

  async #journalOf(alert: Alert): Promise<Answer> {
    const { enabled, folder, secret_names: secretNames } = this.#sources.settings().configuration.journal;
    if (!enabled) return { kind: 'none', reason: JOURNAL_OFF };
    if (alert.source !== DEFAULT_SOURCE) return { kind: 'none', reason: 'alerts of this source have no process' };
    if (!alert.details) return { kind: 'none', reason: 'there were too many alerts at the time to read its process' };
    const [pid, session] = ['proc.pid', 'proc.sid'].map((key) => Number(textOf(alert, key) ?? 0));
    const id = textOf(alert, 'container.id') ?? 'host';
    return this.#sources.lookup.ask({
      ...{ kind: 'journal', folder, secretNames, pid: pid ?? 0, session: session ?? 0 },
      time: Number(alert.time / NANOSECONDS_PER_MS),
      container: id === 'host' ? '' : id,
    });
  }

  async #sessionOf(alert: Alert): Promise<Answer> {
    const { enabled, folder } = this.#sources.settings().configuration.journal;
    if (!enabled) return { kind: 'none', reason: JOURNAL_OFF };
    const pid = textOf(alert, 'proc.pid');
    if (alert.source !== DEFAULT_SOURCE || pid === undefined)
      return { kind: 'none', reason: 'it is not known which process it was' };
    const time = Number(alert.time) / Number(NANOSECONDS_PER_MS);
    return this.#sources.lookup.ask({
      ...{ kind: 'session-tree', folder, secretNames: this.#secretNames, pid: Number(pid), time },
      since: time - SPANS['1h'] * MINUTE_MS,
    });
  }

  async #holdBack(alert: Alert): Promise<Answer> {
    const { enabled, folder } = this.#sources.settings().configuration.journal;
    const files = this.#ruleFiles;
    if (!enabled) return { kind: 'none', reason: JOURNAL_OFF };
    if (!files) return { kind: 'none', reason: COMPILED };
    if (alert.source !== DEFAULT_SOURCE)
      return {
        kind: 'none',
        reason: 'the journal has only what the kernel reports, and this alert has another source',
      };
    return this.#sources.lookup.ask({
      ...{ kind: 'hold-back', rule: alert.rule, files, statics: this.#statics, folder, seen: textsOf(alert) },
      since: Date.now() - SPANS['1d'] * MINUTE_MS,
    });
  }

  async #inForceOn(alert: Alert): Promise<ShownInForce> {
    const entries = (await this.#sources.responses()?.list()) ?? [];
    const [container, namespace, pod] = ['container.id', 'k8s.ns.name', 'k8s.pod.name'].map((key) =>
      textOf(alert, key),
    );
    const place = { container, pod: namespace === undefined || pod === undefined ? undefined : `${namespace}/${pod}` };
    return { entries: shownInForce(entries, place, await bootId()), mayUndo: this.allowsActions };
  }

  /** Undoes a response as `wasprey responses undo` does. */
  async #undo(id: string): Promise<ShownUndo | undefined> {
    this.#sources.onAction(`the page asks to undo response ${id}`);
    const answer = await answerOfResponses(`POST /responses/${id}/undo`, this.#sources.responses());
    if (!answer) return undefined;
    const { error } = answer as UndoAnswer;
    return error === undefined ? {} : { error };
  }

  /** @param span how far back */
  async #activity(span: string, session: string | undefined): Promise<Answer | undefined> {
    if (!isSpan(span)) return undefined;
    const { enabled, folder, secret_names: secretNames } = this.#sources.settings().configuration.journal;
    if (!enabled) return { kind: 'none', reason: JOURNAL_OFF };
    const since = Date.now() - SPANS[span] * MINUTE_MS;
    return this.#sources.lookup.ask({
      ...{ kind: 'activity', folder, since, secretNames },
      ...(session !== undefined && { session }),
    });
  }

  #captures(): Promise<Answer> {
    const { capture } = this.#sources.settings().configuration;
    const folder = dirname(capture.path_prefix);
    return this.#sources.lookup.ask({ kind: 'captures', folder, isOn: capture.enabled });
  }

  async #capture(name: string): Promise<Answer | undefined> {
    const path = this.#capturePath(name);
    return path === undefined
      ? undefined
      : this.#sources.lookup.ask({ kind: 'capture', path, secretNames: this.#secretNames });
  }

  async #tryRule(name: string, text: string): Promise<Answer | undefined> {
    const path = this.#capturePath(name);
    if (path === undefined) return undefined;
    const [files, statics, secretNames] = [this.#ruleFiles, this.#statics, this.#secretNames];
    return this.#sources.lookup.ask({ kind: 'try-rule', path, text, files, statics, secretNames });
  }

  /** Path of a file in the folder of captures; undefined: there is none of that name. */
  #capturePath(name: string): string | undefined {
    if (!/^[^./\0][^/\0]*\.wsp$/.test(name)) return undefined;
    const path = join(dirname(this.#sources.settings().configuration.capture.path_prefix), name);
    return existsSync(path) ? path : undefined;
  }

  /** Undefined: the rules are compiled modules. */
  get #ruleFiles(): readonly string[] | undefined {
    const { modules, ruleFiles } = this.#sources.settings();
    return modules.length > 0 && ruleFiles.length === 0 ? undefined : ruleFiles;
  }

  get #statics(): Readonly<Record<string, string>> {
    return this.#sources.settings().selection.statics ?? {};
  }

  get #secretNames(): readonly string[] {
    return this.#sources.settings().configuration.journal.secret_names;
  }
}

function numberOf(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What was read of it, by field. */
function textsOf({ fields, details = [] }: Alert): ReadonlyMap<string, string> {
  const texts = new Map(
    [...fields, ...details].flatMap(({ key, value }) => (value ? [[key, decode(valueText(value))] as const] : [])),
  );
  // Rules that do not print it have it among the ancestors.
  const parent = texts.get('proc.aname[1]');
  if (parent !== undefined) texts.set('proc.pname', parent);
  return texts;
}

function textOf({ fields, details = [] }: Alert, wanted: string): string | undefined {
  const value = [...details, ...fields].find(({ key }) => key === wanted)?.value;
  return value && decode(valueText(value));
}
