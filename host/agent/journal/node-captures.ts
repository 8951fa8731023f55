// Captures by the rules of an agent: which rules begin them, what their alerts have to say, and the engine's part.

import { type CaptureSettings, Captures, type CapturesSummary } from '../../captures/captures.ts';
import type { BeforeEvents } from '../../captures/writer/active-capture.ts';
import type { Engine } from '../../engine/engine.ts';
import type { JournalBlock } from '../../engine/messages/journal-block.ts';
import { valueText } from '../../fields/text.ts';
import { decode } from '../../fields/value.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import type { AlertDesk, AlertToCapture } from '../alerts/alert-desk.ts';
import type { RuleInfo, RuleModule } from '../modules/rule-module.ts';
import { droppedEvents, machineFacts } from './machine-facts.ts';

export const CAPTURE_RULE = 'Wasprey internal: capture failure';

/** Between two reports of failures: every alert may be one, where a bound is reached. */
const REPORTS_APART_MS = 60_000;
/** What a capture needs to know of the event. */
const FIELDS = { pid: 'proc.pid', session: 'proc.sid', container: 'container.full_id', short: 'container.id' } as const;

export interface NodeCapturesHost {
  readonly engine: () => Engine | undefined;
  readonly desk: () => AlertDesk;
  readonly before: (since: number) => Promise<BeforeEvents>;
  readonly machine: string;
  /** Event types that are excluded from the capture. */
  readonly leftOut: ReadonlySet<string>;
  readonly onTrouble: (message: string) => void;
}

export class NodeCaptures {
  readonly #settings: CaptureSettings | undefined;
  readonly #captures: Captures | undefined;
  readonly #host: NodeCapturesHost;
  /** What is captured of a scope. */
  readonly eventTypes: readonly string[];
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** Failures since then. */
  #unreported = 0;

  constructor(settings: CaptureSettings | undefined, host: NodeCapturesHost) {
    this.#settings = settings;
    this.#host = host;
    this.eventTypes = EVENT_TYPES.map(({ name }) => name).filter((name) => !host.leftOut.has(name));
    this.#captures = settings && new Captures(settings, this.#captureHost());
  }

  get isOn(): boolean {
    return this.#captures !== undefined;
  }

  /** How much of the journal they need, in ms. */
  get recentMs(): number {
    return this.#settings?.before ?? 0;
  }

  get summary(): CapturesSummary | undefined {
    return this.#captures?.summary;
  }

  /** The module with the fields that its captures need. */
  prepared(module: RuleModule): RuleModule {
    if (!this.#captures) return module;
    const rules = module.rules.map((rule) => {
      if (!this.#isCapturing(rule)) return rule;
      const { fields = [], formatted = [] } = rule.extra ?? {};
      return { ...rule, extra: { fields, formatted, hidden: Object.values(FIELDS) } };
    });
    return { ...module, rules };
  }

  /** Returns the name of the file that the alert is captured in, if there is one. */
  take(rule: RuleInfo, { time, message, fields }: AlertToCapture): string | undefined {
    if (!this.#captures || !this.#isCapturing(rule)) return undefined;
    const texts = Object.fromEntries(fields.flatMap(fieldText));
    const { [FIELDS.container]: full = texts[FIELDS.short] ?? '' } = texts;
    const { name, priority, tags, captureDuration: duration } = rule;
    return this.#captures.take({
      alert: {
        rule: name,
        priority,
        time,
        message,
        tags: [...tags],
        fields: texts,
        pid: Number(texts[FIELDS.pid] ?? 0),
        container: full,
      },
      session: Number(texts[FIELDS.session] ?? 0),
      ...(duration !== undefined && { duration }),
    });
  }

  /** A block of what is captured. */
  block({ payload, leftOut }: JournalBlock): void {
    this.#captures?.block(payload);
    this.leftOut(leftOut);
  }

  /** Counts events that are in no block. */
  leftOut(events: number): void {
    this.#captures?.leftOut(events);
  }

  failed(failure: string): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORTS_APART_MS) {
      this.#unreported++;
      return;
    }
    const message = this.#unreported === 0 ? failure : `${failure} (${this.#unreported} other failures before it)`;
    this.#reportedAt = now;
    this.#unreported = 0;
    this.#host.onTrouble(message);
    this.#host.desk().internal(CAPTURE_RULE, 'Warning', `${CAPTURE_RULE}: ${message}`);
  }

  /** Ends all. Before the engine stops. */
  async close(): Promise<void> {
    await this.#captures?.close();
  }

  #isCapturing({ capture }: RuleInfo): boolean {
    return capture || this.#settings?.mode === 'all_rules';
  }

  #captureHost(): ConstructorParameters<typeof Captures>[1] {
    const { engine, machine, before } = this.#host;
    const { eventTypes } = this;
    return {
      setScopes: (scopes) => engine()?.setCaptures({ ...scopes, eventTypes }) ?? Promise.resolve(),
      before,
      facts: () => ({
        ...machineFacts(machine),
        started: BigInt(Date.now()) * 1_000_000n,
        eventTypes,
      }),
      dropped: () => droppedEvents(engine()),
      onFailure: (message) => this.failed(message),
    };
  }
}

function fieldText({ key, value }: KeyedValue): [string, string][] {
  return value === undefined ? [] : [[key, decode(valueText(value))]];
}
