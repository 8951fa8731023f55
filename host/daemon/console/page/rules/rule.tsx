// A rule: as it is written, what it comes to, and the AssemblyScript that it is compiled to.

import type { VNode } from 'preact';
import type { NoAnswer, ShownExplanation } from '../../messages.ts';
import { ReadAgain, Section, Unanswered } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, Text } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { useRepeatedAnswer } from '../state/use-answer.ts';

export function ruleAddress(name: string): string {
  return `#/rules/${encodeURIComponent(name)}`;
}

export function RuleView({ name }: { readonly name: string }): VNode {
  const { reply, again } = useRepeatedAnswer<ShownExplanation | NoAnswer>(`rules/${encodeURIComponent(name)}`);
  const body = reply?.kind === 'done' ? reply.body : undefined;
  return (
    <>
      <div class="head">
        <Title>
          <Text value={name} most={300} />
        </Title>
        {reply && <ReadAgain onClick={again} />}
      </div>
      <Unanswered reply={reply} doing="Reading the rule files" none="It can't be shown" />
      {body?.kind === 'explained' && <Shown rule={body} />}
      <p>
        <a href="#/rules">Rules</a>
      </p>
    </>
  );
}

function Shown({
  rule: { description, place, text, parts, assemblyScript },
}: {
  readonly rule: ShownExplanation;
}): VNode {
  return (
    <>
      <p>
        <Text value={description} />
      </p>
      <div class="sections">
        <div>
          <Section title="As it is written">
            <p class="facts">
              <Text value={place} />
            </p>
            <Code label="The rule" lines={text} />
          </Section>
          <Section title="AssemblyScript">
            <details>
              <summary>{count(assemblyScript.length, 'line')}, as it would be alone in a module</summary>
              <Code label="AssemblyScript of the rule" lines={assemblyScript} />
            </details>
          </Section>
        </div>
        <div>
          {parts.map(({ title, lines }) => (
            <Section key={title} title={title}>
              <Code label={title} lines={lines} />
            </Section>
          ))}
        </div>
      </div>
    </>
  );
}

function Code({ label, lines }: { readonly label: string; readonly lines: readonly string[] }): VNode {
  return (
    <Scroll label={label}>
      <pre class="code">
        {lines.map((line, index) => (
          <div key={index}>
            <Text value={line === '' ? ' ' : line} />
          </div>
        ))}
      </pre>
    </Scroll>
  );
}
