// Errors of a registry, with stable codes.

export type RegistryErrorCode =
  /** The reference is invalid. */
  | 'REGISTRY_REFERENCE'
  /** No answer: an unknown host, a refused connection, a timeout. */
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_NOT_FOUND'
  /** The status of the answer is unexpected for the request. */
  | 'REGISTRY_ANSWER'
  /** The content is invalid: wrong digest, too large, not JSON, of an unknown kind. */
  | 'REGISTRY_CONTENT'
  /** The file with credentials can't be used. */
  | 'REGISTRY_CREDENTIALS';

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  /** How to fix it, if known. */
  readonly help: string | undefined;

  constructor(code: RegistryErrorCode, message: string, help?: string) {
    super(message);
    this.code = code;
    this.help = help;
  }
}
