// Whether the machine has what an agent needs, as `wasprey doctor` finds it. It loads BPF programs for a moment, so that it is asked for.

import type { VNode } from 'preact';
import type { NoAnswer, ShownExamination } from '../../messages.ts';
import { Failed } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Note, Text } from '../parts/text.tsx';
import { ask, type Reply } from '../state/api.ts';
import { useAskedAnswer } from '../state/use-answer.ts';

export function Doctor(): VNode {
  const examined = useAskedAnswer<ShownExamination | NoAnswer>();
  return (
    <>
      <button type="button" onClick={() => void examined.ask(() => ask('doctor'))}>
        Examine this machine
      </button>
      <div role="status">
        {examined.state === 'asking' && <Note>Examining: BPF programs are loaded for a moment</Note>}
        {typeof examined.state === 'object' && <Result reply={examined.state} />}
      </div>
    </>
  );
}

const VERDICTS = {
  works: 'Everything works.',
  limited: 'Wasprey works here, with limits.',
  fails: 'Something does not work here.',
} as const;

function Result({ reply }: { readonly reply: Reply<ShownExamination | NoAnswer> }): VNode {
  if (reply.kind !== 'done') return <Failed reply={reply} />;
  const { body } = reply;
  if (body.kind === 'none') {
    return (
      <Note>
        It could not be examined: <Text value={body.reason} />.
      </Note>
    );
  }
  return (
    <>
      <p class={body.state === 'works' ? 'well' : 'facts'}>
        Linux <Text value={body.kernelRelease} />, {body.architecture}. {VERDICTS[body.state]}
      </p>
      <Scroll label="Table of checks">
        <table class="checks">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">What</th>
              <th scope="col">Found</th>
            </tr>
          </thead>
          <tbody>
            {body.groups.flatMap(({ checks }) =>
              checks.map(({ id, title, state, finding, advice }) => (
                <tr key={id}>
                  <td class={state === 'works' ? 'well' : ''}>
                    {state !== 'works' ? <strong>{state}</strong> : state}
                  </td>
                  <th scope="row">{title}</th>
                  <td>
                    <Text value={finding} most={500} />
                    {advice !== undefined && (
                      <>
                        . What to do: <Text value={advice} most={500} />
                      </>
                    )}
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
