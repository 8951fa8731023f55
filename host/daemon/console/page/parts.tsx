// Parts that several views are made of.

import type { ComponentChildren, VNode } from 'preact';
import type { ShownField } from '../messages.ts';
import type { Reply } from './api.ts';
import { Note, Text } from './text.tsx';

/** In the place of what could not be loaded. */
export function Failed({ reply }: { readonly reply: Exclude<Reply<unknown>, { readonly kind: 'done' }> }): VNode {
  const reason = { failed: '', over: 'the session is over', gone: 'the agent does not have it any more' }[reply.kind];
  return <Note role="alert">It can't be loaded: {reply.kind === 'failed' ? reply.reason : reason}.</Note>;
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

/** `+1.250 s`, `-3 m 02 s` */
export function offset(milliseconds: number): string {
  const sign = milliseconds < 0 ? '-' : '+';
  const seconds = Math.abs(milliseconds) / 1000;
  if (seconds < 60) return `${sign}${seconds.toFixed(3)} s`;
  return `${sign}${Math.floor(seconds / 60)} m ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}
