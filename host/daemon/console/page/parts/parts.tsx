// Parts that several views are made of.

import type { ComponentChildren, VNode } from 'preact';
import type { NoAnswer, ShownField } from '../../messages.ts';
import type { Reply } from '../state/api.ts';
import { Note, number, Text } from './text.tsx';

/** In the place of what could not be loaded. */
export function Failed({ reply }: { readonly reply: Exclude<Reply<unknown>, { readonly kind: 'done' }> }): VNode {
  const reason = { failed: '', over: 'the session is over', gone: 'the agent does not have it any more' }[reply.kind];
  return <Note role="alert">It can't be loaded: {reply.kind === 'failed' ? reply.reason : reason}.</Note>;
}

/** In the place of what is awaited, could not be loaded, or is not there. */
export function Unanswered({
  reply,
  doing,
  none,
}: {
  readonly reply: Reply<NoAnswer | { readonly kind: string }> | undefined;
  /** What the agent does meanwhile. */
  readonly doing: string;
  /** Before the reason. */
  readonly none: string;
}): VNode | null {
  if (!reply) return <Note role="status">{doing}</Note>;
  if (reply.kind !== 'done') return <Failed reply={reply} />;
  if (!isNone(reply.body)) return null;
  return (
    <Note role="alert">
      {none}: <Text value={reply.body.reason} />.
    </Note>
  );
}

function isNone(body: NoAnswer | { readonly kind: string }): body is NoAnswer {
  return body.kind === 'none';
}

export function ReadAgain({ onClick }: { readonly onClick: () => void }): VNode {
  return (
    <button type="button" onClick={onClick}>
      Read again
    </button>
  );
}

/** The first ones, and the others when that is asked for. */
export function Folded<Item>({
  items,
  shown,
  children,
}: {
  readonly items: readonly Item[];
  readonly shown: number;
  readonly children: (some: readonly Item[]) => VNode;
}): VNode {
  const more = items.length - shown;
  return (
    <>
      {children(items.slice(0, shown))}
      {more > 0 && (
        <details>
          <summary>{number(more)} more</summary>
          {children(items.slice(shown))}
        </details>
      )}
    </>
  );
}

export function LineList({
  lines,
  most = 4_000,
}: {
  readonly lines: readonly string[];
  readonly most?: number;
}): VNode {
  return (
    <ul class="lines">
      {lines.map((line, index) => (
        <li key={index}>
          <Text value={line} most={most} />
        </li>
      ))}
    </ul>
  );
}

const MOST_INDENTS = 16;

/** Before a line of a tree. */
export function Indent({ depth }: { readonly depth: number }): VNode {
  return (
    <>
      {Array.from({ length: Math.min(depth, MOST_INDENTS) }, (_, index) => (
        <span key={index} class="indent" aria-hidden="true" />
      ))}
    </>
  );
}

export function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }): VNode {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** One of a list of these: `dl`. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Fields({ fields }: { readonly fields: readonly ShownField[] }): VNode {
  return (
    <dl class="fields">
      {fields.map(({ key, text }) => (
        <div key={key}>
          <dt>
            <Text value={key} />
          </dt>
          <dd>{text === undefined ? <span class="absent">no value</span> : <Text value={text} />}</dd>
        </div>
      ))}
    </dl>
  );
}

/** `+1.250 s`, `-3 m 02 s`; of less than half a millisecond either way, `+0.000 s`. */
export function offset(milliseconds: number): string {
  const rounded = Math.round(milliseconds);
  const sign = rounded < 0 ? '-' : '+';
  const seconds = Math.abs(rounded) / 1000;
  if (seconds < 60) return `${sign}${seconds.toFixed(3)} s`;
  return `${sign}${Math.floor(seconds / 60)} m ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}
