// Captures: what rules have captured on this machine.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { CaptureRow, ShownCaptures } from '../../captures/messages.ts';
import type { NoAnswer } from '../../messages.ts';
import { ReadAgain, Unanswered } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { bytes, count, Note, number, Priority, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { hasWords, WordsInput, wordsOf } from '../parts/words.tsx';
import { useRepeatedAnswer } from '../state/use-answer.ts';

export function captureAddress(name: string): string {
  return `#/captures/${encodeURIComponent(name)}`;
}

export function CapturesView(): VNode {
  const [words, setWords] = useState('');
  const { reply, again } = useRepeatedAnswer<ShownCaptures | NoAnswer>('captures');
  const body = reply?.kind === 'done' ? reply.body : undefined;
  const captures = body?.kind === 'captures' ? body : undefined;
  return (
    <>
      <div class="head">
        <Title>Captures</Title>
        {captures && (
          <p class="facts">
            {count(captures.captures.length, 'capture')} in <Text value={captures.folder} />
          </p>
        )}
        {captures && <ReadAgain onClick={again} />}
      </div>
      <Unanswered reply={reply} doing="Reading the folder" none="They can't be listed" />
      {captures && captures.captures.length > 0 && (
        <search class="filters">
          <WordsInput value={words} onChange={setWords} />
        </search>
      )}
      {captures && <List list={captures} words={words} />}
    </>
  );
}

function List({ list, words }: { readonly list: ShownCaptures; readonly words: string }): VNode {
  const { captures, isOn, older, damaged } = list;
  const wanted = wordsOf(words);
  const shown = captures.filter(({ rule, container, name }) => hasWords(wanted, rule, container, name));
  return (
    <>
      {captures.length === 0 && (
        <Note>
          {isOn
            ? 'No capture yet: a rule with `capture: true` makes one when it matches.'
            : 'There is no capture. They are off: `capture.enabled` turns them on, and `capture: true` in a rule makes them.'}
        </Note>
      )}
      {captures.length > 0 && shown.length === 0 && <Note>No capture matches the filter.</Note>}
      {shown.length > 0 && (
        <Scroll label="Table of captures">
          <table>
            <thead>
              <tr>
                <th scope="col">Rule</th>
                <th scope="col">Priority</th>
                <th scope="col">Time</th>
                <th scope="col">Where</th>
                <th scope="col" class="number">
                  Alerts
                </th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col">File</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((capture) => (
                <Row key={capture.name} capture={capture} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {older > 0 && <Note>{count(older, 'older file')} not listed: `wasprey captures` lists all.</Note>}
      {damaged.length > 0 && (
        <>
          <h2>Not readable</h2>
          <ul>
            {damaged.map(({ name, reason }) => (
              <li key={name}>
                <Text value={name} />: <Text value={reason} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Row({
  capture: { name, rule, priority, time, container, pid, alerts, bytes: size },
}: {
  readonly capture: CaptureRow;
}): VNode {
  return (
    <tr>
      <th scope="row">
        <a href={captureAddress(name)}>
          <Text value={rule} most={200} />
        </a>
      </th>
      <td>
        <Priority name={priority} />
      </td>
      <td>
        <Time ms={time} date />
      </td>
      <td>
        <Text value={container === '' ? 'unknown' : container.slice(0, 12)} /> <span class="pid">{pid}</span>
      </td>
      <td class="number">{number(alerts)}</td>
      <td class="number">{bytes(size)}</td>
      <td>
        <Text value={name} most={80} />
      </td>
    </tr>
  );
}
