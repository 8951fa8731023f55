// Proves that there is no recursion, and limits the depth of the stack.

import { SandboxError } from './error.ts';
import { MAX_CALL_DEPTH, MAX_STACK_LOCALS } from './limits.ts';

/** A function as the call graph sees it; the imported env.match has no calls and no locals. */
export interface CallGraphNode {
  readonly calls: Iterable<number>;
  /** Parameters, locals and operands: what the function keeps on the stack. */
  readonly locals: number;
}

export interface StackProof {
  /** Functions on the deepest call path. */
  readonly depth: number;
  /** Locals and operands on the call path that has most of them. */
  readonly locals: number;
}

/**
 * Visits the functions callees first. Throws SandboxError `recursion` for a cycle, naming its functions, `call-depth` and `limit` for too deep a
 * stack, `malformed` for a call of a function that does not exist.
 */
export function verifyCallGraph(functions: readonly CallGraphNode[]): StackProof {
  const proven: (StackProof | undefined)[] = functions.map(() => undefined);
  const open = new Set<number>();
  let depth = 0;
  let locals = 0;

  const visit = (index: number): StackProof => {
    const known = proven[index];
    if (known !== undefined) return known;
    const node = functions[index];
    if (node === undefined) throw new SandboxError('malformed', `call of function ${index}, which does not exist`);
    if (open.has(index)) {
      const cycle = [...open].slice([...open].indexOf(index));
      throw new SandboxError('recursion', `calls itself, through ${[...cycle, index].join(' -> ')}`, {
        functionIndex: index,
      });
    }
    open.add(index);
    // Refused on the way down, so that this function's own recursion is bounded too.
    if (open.size > MAX_CALL_DEPTH) {
      const reason = `calls nested more than ${MAX_CALL_DEPTH} deep`;
      throw new SandboxError('call-depth', reason, { functionIndex: index });
    }
    let below = { depth: 0, locals: 0 };
    for (const callee of node.calls) {
      const proof = visit(callee);
      below = { depth: Math.max(below.depth, proof.depth), locals: Math.max(below.locals, proof.locals) };
    }
    open.delete(index);
    const proof = { depth: below.depth + 1, locals: below.locals + node.locals };
    proven[index] = proof;
    return proof;
  };

  for (let index = 0; index < functions.length; index++) {
    const proof = visit(index);
    depth = Math.max(depth, proof.depth);
    locals = Math.max(locals, proof.locals);
  }
  if (depth > MAX_CALL_DEPTH)
    throw new SandboxError('call-depth', `calls nested ${depth} deep, more than ${MAX_CALL_DEPTH}`);
  if (locals > MAX_STACK_LOCALS) {
    throw new SandboxError('limit', `${locals} locals and operands on one call path, more than ${MAX_STACK_LOCALS}`);
  }
  return { depth, locals };
}
