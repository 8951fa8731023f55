// Errors of files that are damaged, or not savefiles at all.

export type ScapErrorCode =
  /** Not a savefile. */
  | 'SCAP_NONE'
  /** The file is of a later major version, or was written on a big-endian machine. */
  | 'SCAP_OTHER_VERSION'
  /** The file ends within a block. */
  | 'SCAP_CUT_OFF'
  /** gzip's data is invalid, or its checksum is wrong. */
  | 'SCAP_GZIP'
  /** A block's lengths or its type are wrong. */
  | 'SCAP_BLOCK'
  /** An entry of a list of processes, descriptors or users. */
  | 'SCAP_ENTRY'
  /** An event's header or lengths. */
  | 'SCAP_EVENT'
  /** A parameter of an event. */
  | 'SCAP_PARAMETER'
  /** More threads than are kept. */
  | 'SCAP_THREADS'
  /** No event at all. */
  | 'SCAP_NO_EVENTS';

export class ScapError extends Error {
  override readonly name = 'ScapError';
  /** Stable. */
  readonly code: ScapErrorCode;

  constructor(code: ScapErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
