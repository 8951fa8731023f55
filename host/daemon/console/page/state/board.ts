// The groups of alerts as the agent sends them, kept up to date by its stream. A stream that breaks is resumed: messages have totals, so that one
// that was missed is made up for by the next.

import { type BoardMessage, type GroupNumbers, type GroupText, STEP_MS } from '../../messages.ts';
import { addressOf, hasSession } from './api.ts';
import { Signal } from './signal.ts';

export type Connection = 'connecting' | 'open' | 'broken' | 'over';

export interface Group extends GroupText, Omit<GroupNumbers, 'id'> {
  /** The step up to which its `steps` are. */
  readonly sentStep: number;
}

export interface Board {
  readonly connection: Connection;
  /** Undefined: nothing has come yet. */
  readonly instance: string | undefined;
  /** ms, by the agent's clock, of the last message. */
  readonly now: number;
  readonly step: number;
  readonly alerts: number;
  readonly groups: ReadonlyMap<number, Group>;
  /** The agent has restarted while the page was open. */
  readonly hasRestarted: boolean;
}

const EMPTY: Board = {
  ...{ connection: 'connecting', instance: undefined, now: 0, step: 0, alerts: 0 },
  ...{ groups: new Map(), hasRestarted: false },
};

const AGAIN_MS = 2_000;
/** The agent sends something every five seconds. */
const SILENCE_MS = 12_000;

export const board = new Signal<Board>(EMPTY);

let source: EventSource | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let again: ReturnType<typeof setTimeout> | undefined;

/** From this machine's clock to the agent's. */
let skew = 0;

// Time goes on while nothing comes.
setInterval(() => {
  if (board.value.connection !== 'open') return;
  const now = Date.now() + skew;
  board.value = { ...board.value, now, step: Math.floor(now / STEP_MS) };
}, STEP_MS);

export function openStream(): void {
  source?.close();
  expectSign();
  const opened = new EventSource(addressOf('stream'));
  source = opened;
  opened.onopen = () => heard();
  opened.onmessage = ({ data }: MessageEvent<string>) => {
    take(JSON.parse(data) as BoardMessage);
    heard();
  };
  opened.addEventListener('sign', () => heard());
  opened.onerror = () => {
    if (source === opened) void broken();
  };
}

function heard(): void {
  if (board.value.connection !== 'open') board.value = { ...board.value, connection: 'open' };
  expectSign();
}

/** A connection whose other end has gone without a word stays open for long: it is given up. */
function expectSign(): void {
  clearTimeout(silence);
  silence = setTimeout(() => {
    source?.close();
    void broken();
  }, SILENCE_MS);
}

/** The browser connects again by itself, but neither after an answer that is an error nor after a close. */
async function broken(): Promise<void> {
  clearTimeout(silence);
  board.value = { ...board.value, connection: 'broken' };
  const session = await hasSession();
  if (session === false) {
    source?.close();
    board.value = { ...board.value, connection: 'over' };
  } else if (source?.readyState === EventSource.CLOSED) {
    clearTimeout(again);
    again = setTimeout(openStream, AGAIN_MS);
  } else if (board.value.connection !== 'open') expectSign();
}

function take(message: BoardMessage): void {
  const before = board.value;
  const isOther = before.instance !== undefined && before.instance !== message.instance;
  const groups = new Map(message.isWhole || isOther ? [] : before.groups);
  for (const id of message.gone) groups.delete(id);
  const texts = new Map(message.added.map((text) => [text.id, text]));
  for (const numbers of message.changed) {
    const text = texts.get(numbers.id) ?? groups.get(numbers.id);
    if (text) groups.set(numbers.id, { ...text, ...numbers, sentStep: message.step });
  }
  const { instance, now, step, alerts } = message;
  const hasRestarted = before.hasRestarted || isOther;
  skew = now - Date.now();
  board.value = { connection: 'open', instance, now, step, alerts, groups, hasRestarted };
}
