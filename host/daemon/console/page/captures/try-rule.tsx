// A rule that is typed and evaluated on a capture, by the agent.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { TriedMatch, TriedOnCapture } from '../../captures/messages.ts';
import type { NoAnswer } from '../../messages.ts';
import { Failed, offset } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, Note, number, Text } from '../parts/text.tsx';
import { type Reply, send } from '../state/api.ts';
import { useAskedAnswer } from '../state/use-answer.ts';

const SHOWN_MATCHES = 100;

export interface TryProperties {
  /** Name of the capture. */
  readonly name: string;
  readonly begin: number;
  readonly onMatches: (matches: readonly TriedMatch[]) => void;
  readonly onMove: (at: number) => void;
}

export function TryRule({ name, begin, onMatches, onMove }: TryProperties): VNode {
  const [text, setText] = useState('');
  const { state, ask } = useAskedAnswer<TriedOnCapture | NoAnswer>();
  const evaluate = async (): Promise<void> => {
    if (text.trim() === '') return;
    const reply = await ask(() => send(`captures/${encodeURIComponent(name)}/rule`, text));
    if (reply) onMatches(reply.kind === 'done' && reply.body.kind === 'matches' ? reply.body.matches : []);
  };
  return (
    <form
      class="try"
      onSubmit={(event) => {
        event.preventDefault();
        void evaluate();
      }}
    >
      <label>
        A condition, or rules as in a rule file
        <textarea
          rows={4}
          spellcheck={false}
          value={text}
          placeholder="evt.type = connect and proc.name = curl"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void evaluate();
          }}
        />
      </label>
      <button type="submit">Evaluate</button>
      <div role="status">
        {state === 'asking' && <Note>Compiling and evaluating</Note>}
        {typeof state === 'object' && <Result reply={state} begin={begin} onMove={onMove} />}
      </div>
    </form>
  );
}

function Result({
  reply,
  begin,
  onMove,
}: Pick<TryProperties, 'begin' | 'onMove'> & { readonly reply: Reply<TriedOnCapture | NoAnswer> }): VNode {
  if (reply.kind !== 'done') return <Failed reply={reply} />;
  const { body } = reply;
  switch (body.kind) {
    case 'none':
      return (
        <Note>
          It could not be evaluated: <Text value={body.reason} />.
        </Note>
      );
    case 'invalid':
      return (
        <Scroll label="What is wrong">
          {body.diagnostics.map((diagnostic, index) => (
            <pre key={index} class="diagnostic">
              {diagnostic.split('\n').map((line, number) => (
                <div key={number}>
                  <Text value={line} />
                </div>
              ))}
            </pre>
          ))}
        </Scroll>
      );
    case 'matches':
      return <Matches body={body} begin={begin} onMove={onMove} />;
  }
}

function Matches({
  body: { total, matches, remarks },
  begin,
  onMove,
}: Pick<TryProperties, 'begin' | 'onMove'> & {
  readonly body: Extract<TriedOnCapture, { readonly kind: 'matches' }>;
}): VNode {
  return (
    <>
      <p class="facts">
        {total === 0 ? 'It matches no event.' : `It matches ${count(total, 'event')}, lit on the time axis.`}
        {total > matches.length && ` The first ${number(matches.length)} are shown.`}
      </p>
      {remarks.map((remark) => (
        <Note key={remark}>
          <Text value={remark} />
        </Note>
      ))}
      {matches.length > 0 && (
        <Scroll label="Events that match">
          <ol class="journal">
            {matches.slice(0, SHOWN_MATCHES).map(({ time, pid, name, text }, index) => (
              <li key={index}>
                <button type="button" class="offset" onClick={() => onMove(time)}>
                  {offset(time - begin)}
                </button>
                <span class="who">
                  <Text value={name} most={40} /> <span class="pid">{pid}</span>
                </span>
                <Text value={text} most={500} />
              </li>
            ))}
          </ol>
        </Scroll>
      )}
    </>
  );
}
