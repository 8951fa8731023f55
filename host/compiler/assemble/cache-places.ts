// What a process that compiles gets of the environment: where compiled modules are kept, and Node's code of the sources. Without that code each
// strips types and compiles anew: 1.8 s of CPU time for one rule instead of 1.5.

/** Nothing else of the environment, which may have secrets, is in what this returns. */
export function cachePlaces({ WASPREY_CACHE, NODE_COMPILE_CACHE }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...(WASPREY_CACHE !== undefined && { WASPREY_CACHE }),
    ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
  };
}
