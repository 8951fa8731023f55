// Answers of the agent: those of a view, asked for at once and again when that is wanted, and those that a reader asks for.

import { useEffect, useState } from 'preact/hooks';
import { ask, type Reply } from './api.ts';

interface Answer<Body> {
  readonly path: string;
  readonly asked: number;
  readonly reply: Reply<Body>;
}

/** The answer to a request; undefined while it is awaited. @param path below that of the session */
export function useAnswer<Body>(path: string): Reply<Body> | undefined {
  return useRepeatedAnswer<Body>(path).reply;
}

/** The answer to a request, and a function that asks again. The previous answer stays until then; while one is awaited, no other is asked for. */
export function useRepeatedAnswer<Body>(path: string): {
  readonly reply: Reply<Body> | undefined;
  readonly again: () => void;
} {
  const [asked, setAsked] = useState(0);
  const [answer, setAnswer] = useState<Answer<Body> | undefined>(undefined);
  useEffect(() => {
    const controller = new AbortController();
    void ask<Body>(path, controller.signal).then((reply) => {
      if (!controller.signal.aborted) setAnswer({ path, asked, reply });
    });
    return () => controller.abort();
  }, [path, asked]);
  const own = answer?.path === path ? answer : undefined;
  return {
    reply: own?.reply,
    again: () => {
      if (own?.asked === asked) setAsked(asked + 1);
    },
  };
}

/** An answer that takes seconds, which the reader asks for. While one is awaited no other is asked for. */
export function useAskedAnswer<Body>(): {
  readonly state: 'not asked' | 'asking' | Reply<Body>;
  /** Resolves to what was answered; undefined if nothing was asked for. */
  readonly ask: (request: () => Promise<Reply<Body>>) => Promise<Reply<Body> | undefined>;
} {
  const [state, setState] = useState<'not asked' | 'asking' | Reply<Body>>('not asked');
  return {
    state,
    ask: async (request) => {
      if (state === 'asking') return undefined;
      setState('asking');
      const reply = await request();
      setState(reply);
      return reply;
    },
  };
}
