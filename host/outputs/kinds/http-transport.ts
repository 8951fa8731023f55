// What the outputs over HTTP have in common: the keys of their connections, and how they are made. What posts is loaded then: few agents do.

import { join } from 'node:path';
import { duration, flag, map, type SectionValue, secretText, text } from '../../config-values/value-types.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { HttpClient, HttpReceiver } from '../http/client.ts';
import type { PostFormat } from '../http/post-output.ts';
import { QUEUE_LINES } from '../line-queue.ts';
import type { Output } from '../output.ts';
import type { DeliveryTrouble } from '../spool/delivery.ts';
import type { Spool } from '../spool/spool.ts';
import type { OutputContext } from './kind.ts';

/** With Falco's names. */
export const TRANSPORT = {
  insecure: flag(false, "Don't check the receiver's certificate."),
  ca_cert: text('', 'PEM file with the trusted certificate authorities.'),
  ca_bundle: text('', 'The same; both files are used.'),
  mtls: flag(false, 'Authenticate with a client certificate.'),
  client_cert: text('/etc/wasprey/client.crt', 'PEM file with that certificate.'),
  client_key: text('/etc/wasprey/client.key', 'PEM file with its private key.'),
  compress_uploads: flag(false, 'Compress requests with gzip.'),
} as const;

export const HEADERS = map(secretText('all', 'Value of the header.'), 'Headers to send, such as Authorization.');
export const TIMEOUT = duration('10s', 100, 'Time limit for an answer of the receiver.');

/** All of these, as outputs have them that Falco has not. */
export const OWN_TRANSPORT = { ...TRANSPORT, headers: HEADERS, timeout: TIMEOUT } as const;

type TransportValues = SectionValue<typeof OWN_TRANSPORT>;

/** What one kind of output posts, and where to. */
interface PostPlan {
  readonly name: string;
  readonly url: string;
  readonly format: PostFormat;
  readonly userAgent: string;
  readonly keepAlive: boolean;
}

/** How these send their requests. */
export const OWN_REQUESTS = { userAgent: 'wasprey', keepAlive: true } as const;

/** Rejects with CommandFailure for an address or a file that can't be used. */
export async function httpOutput(
  plan: PostPlan,
  transport: TransportValues,
  { capacity, spool, onTrouble }: OutputContext,
): Promise<Output> {
  const { name, format } = plan;
  const { postOutput } = await import('../http/post-output.ts');
  return postOutput({
    name,
    format,
    client: await makeClient(plan, transport),
    spool: spool && (await openSpool(join(spool.folder, name), spool.mostBytes)),
    mostInMemory: capacity === 0 ? QUEUE_LINES : capacity,
    onTrouble: (trouble) => onTrouble(...describe(name, trouble)),
  });
}

async function makeClient(
  { name, url, userAgent, keepAlive }: PostPlan,
  transport: TransportValues,
): Promise<HttpClient> {
  if (!URL.canParse(url)) {
    throw new CommandFailure(`${name}_output.url is not a URL`, 'expected: http://receiver:2801/');
  }
  const receiver: HttpReceiver = {
    url: new URL(url),
    headers: { 'user-agent': userAgent, ...Object.fromEntries(transport.headers) },
    timeoutMs: transport.timeout,
    keepAlive,
    compress: transport.compress_uploads,
    tls: {
      insecure: transport.insecure,
      authorities: [transport.ca_cert, transport.ca_bundle].filter((path) => path !== ''),
      ...(transport.mtls && { certificate: transport.client_cert, key: transport.client_key }),
    },
  };
  const { HttpClient, HttpReceiverError } = await import('../http/client.ts');
  try {
    return new HttpClient(receiver);
  } catch (error) {
    if (!(error instanceof HttpReceiverError)) throw error;
    throw new CommandFailure(`${name}_output: ${error.message}`);
  }
}

async function openSpool(folder: string, mostBytes: number): Promise<Spool> {
  const { Spool } = await import('../spool/spool.ts');
  try {
    return await Spool.open({ folder, mostBytes });
  } catch (error) {
    throw new CommandFailure(
      `can't use ${folder} as a spool: ${reasonOf(error)}`,
      'set spool.path, or spool.enabled: false',
    );
  }
}

/** The address of a path below another; '' where none is given. */
export function below(url: string, path: string): string {
  return url === '' ? '' : `${url.replace(/\/+$/, '')}${path}`;
}

/** The message for the operator, and whether alerts are being lost. */
function describe(name: string, trouble: DeliveryTrouble): [message: string, lost: boolean] {
  switch (trouble.kind) {
    case 'failing':
      return [`alerts can't be delivered to ${name}, and are queued: ${trouble.reason}`, false];
    case 'recovered':
      return [`alerts are delivered to ${name} again`, false];
    case 'refused':
      return [`${name} refuses alerts, which are lost: ${trouble.reason}`, true];
    case 'full':
      return [`the queue of ${name} is full: further alerts are lost, and counted`, true];
    case 'disk':
      return [`alerts for ${name} can't be stored on disk, and are queued in memory: ${trouble.reason}`, false];
  }
}
