// An answer of the agent, asked for once, and again when that is wanted.

import { useEffect, useState } from 'preact/hooks';
import { ask, type Reply } from './api.ts';

/**
 * Undefined while it is awaited.
 * @param path below that of the session
 * @param time number of the asking: another one asks again, and the answer before stays until then
 */
export function useAnswer<Body>(path: string, time = 0): Reply<Body> | undefined {
  const [answer, setAnswer] = useState<{ readonly path: string; readonly reply: Reply<Body> } | undefined>(undefined);
  useEffect(() => {
    const controller = new AbortController();
    void ask<Body>(path, controller.signal).then((reply) => {
      if (!controller.signal.aborted) setAnswer({ path, reply });
    });
    return () => controller.abort();
  }, [path, time]);
  return answer?.path === path ? answer.reply : undefined;
}
