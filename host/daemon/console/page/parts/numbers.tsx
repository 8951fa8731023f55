// Names with their numbers.

import type { VNode } from 'preact';

export function Numbers({ rows }: { readonly rows: readonly (readonly [string, string])[] }): VNode {
  return (
    <dl class="fields">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
