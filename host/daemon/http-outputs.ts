// The outputs over HTTP that the configuration turns on, each with its spool.

import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../config/definition.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import type { HttpClient, HttpReceiver } from '../outputs/http/client.ts';
import { alertmanagerFormat, falcoFormat, otlpFormat } from '../outputs/http/formats.ts';
import { type PostFormat, postOutput } from '../outputs/http/post-output.ts';
import { QUEUE_LINES } from '../outputs/line-queue.ts';
import type { Output } from '../outputs/output.ts';
import type { DeliveryTrouble } from '../outputs/spool/delivery.ts';
import { Spool } from '../outputs/spool/spool.ts';
import type { OutputChoice } from './outputs.ts';

const MEGABYTE = 1024 * 1024;

/** What the sections of these outputs have in common. */
type Transport = Configuration['alertmanager_output'] | Configuration['otlp_output'] | Configuration['http_output'];

interface Plan {
  readonly name: string;
  readonly section: Transport;
  readonly url: string;
  readonly format: PostFormat;
  readonly userAgent: string;
  readonly keepAlive: boolean;
}

/** By name; they reject with CommandFailure for an address or a file that can't be used. */
export function httpOutputMakers(choice: OutputChoice): (readonly [name: string, make: () => Promise<Output>])[] {
  const { configuration, json, format } = choice;
  const { http_output: http, alertmanager_output: alertmanager, otlp_output: otlp } = configuration;
  const own = { userAgent: 'wasprey', keepAlive: true };
  const resource = new Map([['service.name', 'wasprey'], ['host.name', hostname()], ...otlp.resource]);
  const plans: Plan[] = [
    {
      name: 'http',
      section: http,
      url: http.url,
      format: falcoFormat(json, format),
      userAgent: http.user_agent,
      keepAlive: http.keep_alive,
    },
    {
      name: 'alertmanager',
      section: alertmanager,
      url: below(alertmanager.url, '/api/v2/alerts'),
      format: alertmanagerFormat(alertmanager.labels, alertmanager.expires_after),
      ...own,
    },
    { name: 'otlp', section: otlp, url: below(otlp.url, '/v1/logs'), format: otlpFormat(resource), ...own },
  ];
  return plans
    .filter(({ section }) => section.enabled)
    .map((plan) => [plan.name, () => makeOutput(plan, choice)] as const);
}

async function makeOutput(plan: Plan, { configuration, onTrouble }: OutputChoice): Promise<Output> {
  const { name, format } = plan;
  const { spool, outputs_queue } = configuration;
  return postOutput({
    name,
    format,
    client: await makeClient(plan),
    spool: spool.enabled ? await openSpool(join(spool.path, name), spool.max_size_mb) : undefined,
    mostInMemory: outputs_queue.capacity === 0 ? QUEUE_LINES : outputs_queue.capacity,
    onTrouble: (trouble) => onTrouble(name, ...describe(name, trouble)),
  });
}

async function makeClient({ name, section, url, userAgent, keepAlive }: Plan): Promise<HttpClient> {
  if (!URL.canParse(url)) {
    throw new CommandFailure(`${name}_output.url is not a URL`, 'expected: http://receiver:2801/');
  }
  const receiver: HttpReceiver = {
    url: new URL(url),
    headers: { 'user-agent': userAgent, ...Object.fromEntries(section.headers) },
    timeoutMs: section.timeout,
    keepAlive,
    compress: section.compress_uploads,
    tls: {
      insecure: section.insecure,
      authorities: [section.ca_cert, section.ca_bundle].filter((path) => path !== ''),
      ...(section.mtls && { certificate: section.client_cert, key: section.client_key }),
    },
  };
  const { HttpClient, HttpReceiverError } = await import('../outputs/http/client.ts');
  try {
    return new HttpClient(receiver);
  } catch (error) {
    if (!(error instanceof HttpReceiverError)) throw error;
    throw new CommandFailure(`${name}_output: ${error.message}`);
  }
}

async function openSpool(folder: string, megabytes: number): Promise<Spool> {
  try {
    return await Spool.open({ folder, mostBytes: megabytes * MEGABYTE });
  } catch (error) {
    throw new CommandFailure(
      `can't use ${folder} as a spool: ${reasonOf(error)}`,
      'set spool.path, or spool.enabled: false',
    );
  }
}

function below(url: string, path: string): string {
  return url === '' ? '' : `${url.replace(/\/+$/, '')}${path}`;
}

/** What it means for whoever reads it, and whether alerts are being lost. */
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
