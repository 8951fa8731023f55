// A rule's condition as a tree in which each part shows whether it was true, and what it saw.

import type { VNode } from 'preact';
import type { LitCheck, LitGroup, LitPart } from '../../messages.ts';
import { count, Text } from '../parts/text.tsx';

/** Longer checks are those of long lists. */
const LONG_CHECK = 160;
/** Parts of a group that decided nothing are folded from here on. */
const MANY_PARTS = 4;

export function Condition({ part }: { readonly part: LitPart }): VNode {
  return (
    <ul class="condition">
      <Part part={part} />
    </ul>
  );
}

function Part({ part }: { readonly part: LitPart }): VNode {
  return part.kind === 'check' ? <CheckPart check={part} /> : <GroupPart group={part} />;
}

const VERDICTS = {
  true: ['✓', 'true'],
  false: ['✗', 'false'],
  unknown: ['?', 'unknown: what it compares was not read'],
} as const;

function Sign({ part: { verdict, isLookedAt } }: { readonly part: LitPart }): VNode {
  const [sign, name] = isLookedAt ? VERDICTS[verdict] : (['–', 'not looked at'] as const);
  return (
    <span class="sign" title={name}>
      <span aria-hidden="true">{sign}</span>
      <span class="unseen">{name}: </span>
    </span>
  );
}

function classOf({ verdict, isLookedAt }: LitPart): string {
  return isLookedAt ? verdict : 'skipped';
}

const TITLES = { and: 'all of', or: 'any of', not: 'not' } as const;

function GroupPart({ group }: { readonly group: LitGroup }): VNode {
  const { kind, parts, isLookedAt } = group;
  const [first] = parts;
  // `not` of a single check is one line.
  if (kind === 'not' && first?.kind === 'check') return <CheckPart check={first} not={group} />;
  const isOpen = isLookedAt && (parts.length < MANY_PARTS || kind === 'and' || group.verdict === 'true');
  return (
    <li class={classOf(group)}>
      <details open={isOpen}>
        <summary>
          <Sign part={group} />
          {TITLES[kind]} {kind !== 'not' && parts.length}
          <Macro name={macroOf(group)} />
          {!isOpen && kind === 'not' && first?.kind !== 'check' && first && (
            <span class="macro"> {count(first.parts.length, 'part')}</span>
          )}
        </summary>
        <ul>
          {parts.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function CheckPart({ check, not }: { readonly check: LitCheck; readonly not?: LitGroup }): VNode {
  const { text, value, macro, verdict, isLookedAt } = check;
  return (
    <li class={classOf(not ?? check)}>
      <Sign part={not ?? check} />
      <code>
        {not && 'not '}
        {text.length > LONG_CHECK ? <LongCheck text={text} /> : <Text value={text} />}
      </code>
      {isLookedAt && verdict !== 'unknown' && (
        <span class="saw">
          saw{' '}
          {value === undefined ? (
            <span class="absent">no value</span>
          ) : (
            <Text value={value === '' ? '""' : value} most={300} />
          )}
        </span>
      )}
      <Macro name={macro} />
    </li>
  );
}

function LongCheck({ text }: { readonly text: string }): VNode {
  return (
    <details class="long">
      <summary>
        <Text value={text.slice(0, LONG_CHECK)} />…
      </summary>
      <Text value={text} most={20_000} />
    </details>
  );
}

function Macro({ name }: { readonly name: string | undefined }): VNode | null {
  if (name === undefined) return null;
  return (
    <span class="macro" title="the macro that it was written in">
      {' '}
      <Text value={name} />
    </span>
  );
}

/** The one that all parts were written in. */
function macroOf(part: LitPart): string | undefined {
  if (part.kind === 'check') return part.macro;
  const names = new Set(part.parts.map(macroOf));
  const [name] = names;
  return names.size === 1 ? name : undefined;
}
