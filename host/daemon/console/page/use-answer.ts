// An answer of the agent, asked for once, and again when that is wanted.

import { useEffect, useState } from 'preact/hooks';
import { ask, type Reply } from './api.ts';

interface Answer<Body> {
  readonly path: string;
  readonly asked: number;
  readonly reply: Reply<Body>;
}

/** Undefined while it is awaited. @param path below that of the session */
export function useAnswer<Body>(path: string): Reply<Body> | undefined {
  return useRepeatedAnswer<Body>(path).reply;
}

/** The same, with what asks again. The answer before stays until then, and while one is awaited no other is asked for. */
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
