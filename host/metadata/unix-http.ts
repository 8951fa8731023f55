// Requests over a Unix socket, for the engines of Docker and Podman.

/** An answer about a container has some ten KB. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

export class RuntimeRequestError extends Error {
  override readonly name = 'RuntimeRequestError';
  /** HTTP status, if there was an answer. */
  readonly status?: number;

  constructor(message: string, status?: number) {
    super(message);
    if (status !== undefined) this.status = status;
  }
}

/** Rejects with RuntimeRequestError, or with the connection's error. */
export async function getJson(socketPath: string, path: string, signal: AbortSignal): Promise<unknown> {
  // Loaded only when needed: node:http loads undici as well (20 ms of a start, and 3 MB).
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, signal, headers: { host: 'localhost' }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LONGEST_ANSWER) sent.destroy(new RuntimeRequestError(`${path}: the answer is too long`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) {
          reject(new RuntimeRequestError(`${path}: status ${response.statusCode}`, response.statusCode));
          return;
        }
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch {
          reject(new RuntimeRequestError(`${path}: the answer is not valid JSON`));
        }
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** POST without a body. Resolves to the status. Rejects with RuntimeRequestError, or with the connection's error. */
export async function post(socketPath: string, path: string, signal: AbortSignal): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', 'content-length': 0 };
    const sent = request({ socketPath, path, method: 'POST', signal, headers, agent: false }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end();
  });
}
