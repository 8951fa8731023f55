// An answer of the agent, asked for once.

import { useEffect, useState } from 'preact/hooks';
import { ask, type Reply } from './api.ts';

/** Undefined while it is awaited. @param path below /api/ */
export function useAnswer<Body>(path: string): Reply<Body> | undefined {
  const [answer, setAnswer] = useState<{ readonly path: string; readonly reply: Reply<Body> } | undefined>(undefined);
  useEffect(() => {
    const controller = new AbortController();
    void ask<Body>(path, controller.signal).then((reply) => {
      if (!controller.signal.aborted) setAnswer({ path, reply });
    });
    return () => controller.abort();
  }, [path]);
  return answer?.path === path ? answer.reply : undefined;
}
