// Counts how often a method is called or a getter read: node's mocks keep every call, which takes gigabytes for a million of them.

/** Counts until it is disposed of. */
export class CallCount implements Disposable {
  calls = 0;
  readonly #restore: () => void;

  /** @param target the object or prototype that has the member itself */
  constructor(target: object, name: string) {
    const original = Object.getOwnPropertyDescriptor(target, name);
    if (!original) throw new Error(`there is no ${name} of its own`);
    const counting = (member: (...values: readonly unknown[]) => unknown) => {
      const count = () => this.calls++;
      return function (this: unknown, ...values: readonly unknown[]): unknown {
        count();
        return member.apply(this, [...values]);
      };
    };
    const { get, value } = original;
    Object.defineProperty(target, name, {
      ...original,
      ...(get ? { get: counting(get) } : { value: counting(value) }),
    });
    this.#restore = () => Object.defineProperty(target, name, original);
  }

  [Symbol.dispose](): void {
    this.#restore();
  }
}
