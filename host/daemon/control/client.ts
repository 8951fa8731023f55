// Asks a running agent over its control socket.

import { request } from 'node:http';

/** No agent is reachable. `code` is stable. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: 'CONTROL_ABSENT' | 'CONTROL_DENIED' | 'CONTROL_ANSWER';

  constructor(code: ControlError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The state of an agent with some thousand rules has a MB. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

/** Rejects with ControlError. */
export function askAgent(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = request({ socketPath, method, path, signal, headers: { host: 'agent' }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LONGEST_ANSWER) sent.destroy(new ControlError('CONTROL_ANSWER', 'the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', (error) => reject(failure(socketPath, error)));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        try {
          if (response.statusCode !== 200) throw new Error(text);
          resolve(JSON.parse(text));
        } catch {
          reject(
            new ControlError('CONTROL_ANSWER', `the agent at ${socketPath} failed to answer: ${text.slice(0, 200)}`),
          );
        }
      });
    });
    sent.on('error', (error) => reject(failure(socketPath, error)));
    sent.end();
  });
}

function failure(socketPath: string, error: Error): ControlError {
  if (error instanceof ControlError) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') {
    return new ControlError(
      'CONTROL_DENIED',
      `permission denied for ${socketPath}: only the agent's owner may open it`,
    );
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new ControlError('CONTROL_ABSENT', `no agent listens on ${socketPath}`);
  }
  return new ControlError('CONTROL_ANSWER', `the agent at ${socketPath} does not answer: ${error.message}`);
}
