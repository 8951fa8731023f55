// One capture: a scrubber over its time, the processes as they were then, what they did, and a rule that is tried on it.

import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ShownCapture, TriedMatch } from '../../captures/messages.ts';
import type { NoAnswer } from '../../messages.ts';
import { Fact, Folded, LineList, offset, ReadAgain, Section, Unanswered } from '../parts/parts.tsx';
import { Note, number, Priority, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { route, setQueryValue } from '../state/route.ts';
import { useRepeatedAnswer } from '../state/use-answer.ts';
import { PassingDeeds } from './passing-deeds.tsx';
import { ProcessesThen } from './processes-then.tsx';
import { StateThen } from './state-then.tsx';
import { TimeAxis } from './time-axis.tsx';
import { TryRule } from './try-rule.tsx';

export function CaptureView({ name }: { readonly name: string }): VNode {
  const { reply, again } = useRepeatedAnswer<ShownCapture | NoAnswer>(`captures/${encodeURIComponent(name)}`);
  const button = <ReadAgain onClick={again} />;
  if (reply?.kind === 'done' && reply.body.kind === 'capture') return <Shown capture={reply.body} again={button} />;
  return (
    <>
      <Title>A capture</Title>
      {reply?.kind === 'gone' ? (
        <Note role="alert">There is no such capture: the oldest are removed to make room for others.</Note>
      ) : (
        <Unanswered reply={reply} doing="Reading the capture" none="It can't be shown" />
      )}
      <p>
        <a href="#/captures">Captures</a> {reply && button}
      </p>
    </>
  );
}

/** The address follows a moment that is kept for so long. */
const SETTLED_MS = 400;
/** Lines of a part that are shown at once. */
const SHOWN_LINES = 12;

function Shown({
  capture,
  again,
}: {
  readonly capture: ShownCapture;
  /** Reads it again: it may still be written. */
  readonly again: VNode;
}): VNode {
  const { alerts, from, to } = capture;
  const [first] = alerts;
  const begin = first?.time ?? from;
  const [at, setAt] = useState(() => startOf(begin, from, to));
  const [matches, setMatches] = useState<readonly TriedMatch[]>([]);
  useEffect(() => {
    const timer = setTimeout(() => setQueryValue('at', at === begin ? '' : String(Math.round(at - begin))), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [at]);
  return (
    <article class="capture">
      <div class="head">
        <Title>
          <Text value={first?.rule ?? capture.name} most={300} />
        </Title>
        {first && <Priority name={first.priority} />}
        {again}
      </div>
      <Summary capture={capture} />
      {first && (
        <p class="message">
          <Text value={first.message} />
        </p>
      )}
      <TimeAxis capture={capture} matches={matches} begin={begin} at={at} onMove={setAt} />
      <div class="sections">
        <div>
          <Section title={`Processes at ${offset(at - begin)}`}>
            <ProcessesThen processes={capture.processes} at={at} fired={begin} />
          </Section>
          <Section title="Processes in the state of the alert">
            <StateThen processes={capture.state} />
          </Section>
          {capture.parts.map(({ title, lines }) => (
            <Section key={title} title={title}>
              <Folded items={lines} shown={SHOWN_LINES}>
                {(some) => <LineList lines={some} />}
              </Folded>
            </Section>
          ))}
        </div>
        <div>
          <Section title="Events">
            <PassingDeeds capture={capture} matches={matches} begin={begin} at={at} onMove={setAt} />
          </Section>
          <Section title="Try a rule">
            <TryRule name={capture.name} begin={begin} onMatches={setMatches} onMove={setAt} />
          </Section>
        </div>
      </div>
    </article>
  );
}

/** The moment that the address names, in ms after the alert. */
function startOf(begin: number, from: number, to: number): number {
  const wanted = Number(route.value.query.get('at') ?? '0');
  return Math.min(to, Math.max(from, begin + (Number.isFinite(wanted) ? wanted : 0)));
}

function Summary({ capture }: { readonly capture: ShownCapture }): VNode {
  const { alerts, hostname, kernel, scope, from, to, events, name, cuts } = capture;
  const [first] = alerts;
  return (
    <>
      <dl class="summary">
        {first && (
          <Fact name="Alert">
            <Time ms={first.time} date />
          </Fact>
        )}
        <Fact name="Machine">
          <Text value={hostname} />, Linux <Text value={kernel} />
        </Fact>
        {scope !== undefined && <Fact name="Scope">{scope.replace('_', ' ')}</Fact>}
        <Fact name="Length">{((to - from) / 1000).toFixed(1)} s</Fact>
        <Fact name="Events">{number(events)}</Fact>
        <Fact name="File">
          <Text value={name} />
        </Fact>
      </dl>
      {cuts.map((cut) => (
        <Note key={cut}>{cut}</Note>
      ))}
    </>
  );
}
