// A rule set and events for the sandbox's bench, in the shape that compiled rules have: dispatch by event type, candidate bits,
// wide compares on path prefixes and names, a search within a string, a walk up the ancestors.

/** Bytes of each event: the 64 of the header, the reference to its path, the path. */
export const EVENT_SIZE = 192;
const TYPES = 8;
const WORDS = ['shadow', 'passwd', 'sudoers', 'crontab', 'authorized_keys', 'ld.so.preload', 'kubelet', 'docker.sock'];

/** The low eight bytes of a text as an immediate, and the mask that keeps as many. */
function immediate(text: string): { value: string; length: number } {
  const bytes = new TextEncoder().encode(text.slice(0, 8));
  let value = 0n;
  for (const [index, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * index);
  return { value: `0x${value.toString(16)}`, length: bytes.length };
}

/** AssemblyScript of that many rules. */
export function ruleSetSource(rules: number): string {
  const perType = Array.from({ length: TYPES }, (_, type) => {
    const own = Array.from({ length: rules }, (_, rule) => rule).filter((rule) => rule % TYPES === type);
    const blocks = own.map((rule) => {
      const paths = Array.from({ length: 12 }, (_, i) => `/etc/${WORDS[(rule + i) % WORDS.length]}.${rule * 31 + i}`);
      const tests = paths.map((path) => {
        const head = immediate(path);
        const tail = immediate(path.slice(path.length - 8));
        return `(length == ${path.length} && load<u64>(path) == ${head.value} && load<u64>(path + ${path.length - 8}) == ${tail.value})`;
      });
      const names = Array.from({ length: 10 }, (_, i) => immediate(`proc${rule}${i}`));
      return `if ((bits & (1 << ${rule % 64})) != 0) {
        const name = load<u64>(image + 16);
        if (!(${names.map((name) => `name == ${name.value}`).join(' || ')})) {
          if (${tests.join('\n || ')}) match(${rule}, event);
          else if (${rule % 7 === 0} && contains(path, length, ${immediate('/../').value}) && ancestor(image, ${rule})) match(${rule}, event);
        }
      }`;
    });
    return `function onType${type}(event: u32, image: u32, path: u32, length: u32, bits: u64): void {\n${blocks.join('\n')}\n}`;
  });
  return `
    @external("env", "match") declare function match(rule: i32, event: i32): void;
    function contains(path: u32, length: u32, needle: u32): bool {
      for (let i: u32 = 0; i + 4 <= length; i++) if (load<u32>(path + i) == needle) return true;
      return false;
    }
    function ancestor(image: u32, name: u64): bool {
      let at = image;
      for (let hops = 0; hops < 20 && at != 0; hops++) {
        if (load<u64>(at + 16) == name) return true;
        at = load<u32>(at);
      }
      return false;
    }
    ${perType.join('\n')}
    export function evaluate(from: i32, to: i32): void {
      let at: u32 = from;
      while (at < <u32>to) {
        const event = at;
        at += load<u32>(event, 8);
        const image = load<u32>(event, 60);
        const path = event + load<u32>(event, 64);
        const length = load<u32>(event, 68);
        const bits = load<u64>(image, 8);
        switch (load<u16>(event, 12)) {
          ${perType.map((_, type) => `case ${type}: onType${type}(event, image, path, length, bits); break;`).join('\n')}
          default: break;
        }
      }
    }
    export function candidates(process: i32, word: i32): i64 { return word == 0 ? load<i64>(process) : -1; }`;
}

/**
 * Writes 16 process images below `from` (the null area is the bench's own) and that many events from there; returns the address after
 * the last. One path in 500 is one that a rule looks for.
 */
export function writeWorkload(memory: WebAssembly.Memory, from: number, events: number): number {
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const encoder = new TextEncoder();
  for (let image = 0; image < 16; image++) {
    const at = 4096 + image * 64;
    view.setUint32(at, image > 0 ? at - 64 : 0, true);
    view.setBigUint64(at + 8, 0x1111111111111111n << BigInt(image % 4), true);
    bytes.set(encoder.encode('bash'), at + 16);
  }
  for (let index = 0; index < events; index++) {
    const at = from + index * EVENT_SIZE;
    const rare = index % 500 === 0;
    const path = rare ? '/etc/shadow.0' : `/usr/lib/x86_64-linux-gnu/${WORDS[index % WORDS.length]}.so.${index % 97}`;
    view.setUint32(at + 8, EVENT_SIZE, true);
    view.setUint16(at + 12, rare ? 0 : (index * 7) % TYPES, true);
    view.setUint32(at + 60, 4096 + (index % 16) * 64, true);
    view.setUint32(at + 64, 72, true);
    view.setUint32(at + 68, path.length, true);
    bytes.set(encoder.encode(path), at + 72);
  }
  return from + events * EVENT_SIZE;
}
