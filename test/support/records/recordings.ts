// Recordings made for tests: by the recorder on the builder source, or block by block.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '../../../host/agent/agent.ts';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { DEFAULT_FORMAT } from '../../../host/outputs/alert.ts';
import { fileOutput } from '../../../host/outputs/file-output.ts';
import type { ByteSource } from '../../../host/recording/byte-source.ts';
import type { RecordingFacts } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { RecordingReader } from '../../../host/recording/reader.ts';
import type { ReplayReport } from '../../../host/recording/replay.ts';
import { RecordingWriter } from '../../../host/recording/writer.ts';
import { openRecording } from '../../../host/scap/open.ts';

export const FACTS: RecordingFacts = {
  hostname: 'elsewhere',
  started: 1_795_528_388_000_000_000n,
  kernel: '6.18.0',
  eventTypes: ['openat', 'setuid'],
  users: new Map([[4711, 'alice-of-elsewhere']]),
  groups: new Map(),
};

export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'wasprey-recording-'));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

export interface Names {
  readonly user?: string;
  readonly group?: string;
  readonly login?: string;
  readonly container?: string;
  readonly containerType?: string;
  /** Absent by default. */
  readonly home?: string;
  readonly shell?: string;
}

/** A log entry of native/src/images/image_log.h. */
export function logEntry(record: Uint8Array, names: Names = {}): Uint8Array {
  const { user = 'root', group = 'root', login = '<NA>', container = 'host', containerType = 'host' } = names;
  const { home, shell } = names;
  const texts = [user, group, login, container, containerType, home ?? '', shell ?? ''].map((one) => Buffer.from(one));
  const head = Buffer.alloc(24);
  head.writeUInt32LE(record.length, 0);
  for (const [index, text] of texts.entries()) head.writeUInt16LE(text.length, 4 + 2 * index);
  head.writeUInt16LE((home === undefined ? 0 : 1) | (shell === undefined ? 0 : 2), 18);
  const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  return Buffer.concat([head, padded(record), padded(Buffer.concat(texts))]);
}

/** A payload of one step. */
export function payloadOf(images: readonly Uint8Array[], events: readonly Uint8Array[]): Uint8Array {
  const builder = new PayloadBuilder();
  builder.step(1_000_000_000n, true);
  if (images.length > 0) builder.images(Buffer.concat(images));
  if (events.length > 0) builder.records(Buffer.concat(events), () => events.length);
  return builder.take();
}

export interface WrittenBlock {
  readonly payload: Uint8Array;
  readonly events: number;
  /** Of data beside the events. */
  readonly kind?: number;
}

/** The bytes of a recording with these blocks, and where each block begins, the last one included. */
export function writeBlocks(blocks: readonly WrittenBlock[]): { bytes: Buffer; starts: number[] } {
  using folder = new Folder();
  const path = folder.file('blocks.wsp');
  const writer = new RecordingWriter(path, FACTS);
  const starts: number[] = [];
  for (const { payload, events, kind } of blocks) {
    starts.push(writer.counters.bytes);
    if (kind === undefined) writer.write(payload, events);
    else writer.writeBeside(kind, payload);
  }
  starts.push(writer.counters.bytes);
  writer.close({ dropped: 0, seconds: 1 });
  return { bytes: readFileSync(path), starts };
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/** Reads all of it. */
export function readAll(bytes: Uint8Array): RecordingReader {
  const reader = new RecordingReader(sourceOf(bytes));
  for (const _ of reader.payloads());
  return reader;
}

export interface Replayed {
  readonly report: ReplayReport;
  readonly text: string[];
  readonly json: string[];
  readonly malformed: number;
}

/** What `wasprey replay` does, with the alerts as both kinds of lines. */
export async function replayRecording(
  path: string,
  module: RuleModule,
  ruleMatching: RuleMatching = 'first',
): Promise<Replayed> {
  using folder = new Folder();
  const output = (name: string, json: boolean) =>
    fileOutput(folder.file(name), {
      json,
      format: DEFAULT_FORMAT,
      onError: (error) => {
        throw error;
      },
    });
  const { promise, resolve, reject } = Promise.withResolvers<ReplayReport>();
  using file = openRecording(path);
  const { hostname } = file.source.facts;
  const agent = await startAgent({
    modules: [module],
    outputs: [output('text', false), output('json', true)],
    ruleMatching,
    replay: { path, hostname, onEnd: resolve },
    onEnd: reject,
  });
  const report = await promise;
  const { engine } = await agent.stop();
  const lines = (name: string) => readFileSync(folder.file(name), 'utf8').split('\n').slice(0, -1);
  return { report, text: lines('text'), json: lines('json'), malformed: engine?.capture.malformed ?? -1 };
}

/** The same for the bytes of a recording. */
export async function replayBytes(bytes: Uint8Array, module: RuleModule): Promise<Replayed> {
  using folder = new Folder();
  const path = folder.file('bytes.wsp');
  writeFileSync(path, bytes);
  return await replayRecording(path, module);
}
