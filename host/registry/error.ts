// What can go wrong with a registry, as one kind of error with stable codes.

export type RegistryErrorCode =
  /** The reference is none. */
  | 'REGISTRY_REFERENCE'
  /** No answer: the name is unknown, nobody listens, the time was over. */
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_NOT_FOUND'
  /** It answered with another status than the protocol has for the request. */
  | 'REGISTRY_ANSWER'
  /** What it sent is not what was asked for: wrong digest, too large, no JSON, of a kind that is not known here. */
  | 'REGISTRY_CONTENT'
  /** The file with credentials can't be used. */
  | 'REGISTRY_CREDENTIALS';

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  /** What to do, if there is something. */
  readonly help: string | undefined;

  constructor(code: RegistryErrorCode, message: string, help?: string) {
    super(message);
    this.code = code;
    this.help = help;
  }
}
