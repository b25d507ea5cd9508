// A strict reader of JSON straight from bytes: stops at the first fault, builds nothing that was not asked for.

const [quote, backslash, zero, nine] = [0x22, 0x5c, 0x30, 0x39];
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over JSON text. Every method skips leading white space and calls `fail` on what it did not expect. */
export interface JsonCursor {
  /** Whether the next character is this one; takes it if so. */
  take(char: string): boolean;
  /** Takes this character or fails. */
  expect(char: string): void;
  /** A string, its escapes resolved; lone surrogates and bad UTF-8 are refused. */
  string(): string;
  /** A whole number from 0 to 2⁵³−1, written in digits only. */
  integer(): number;
  /** Calls `member` for each key of an object; `member` reads the value. A key met twice is refused. */
  object(member: (key: string) => void): void;
  /** Calls `element` for each element of an array; `element` reads it. */
  array(element: () => void): void;
  /** Fails unless only white space is left. */
  end(): void;
}

/**
 * A cursor at the start of `bytes`.
 * @param fail called with what was wrong, in words that follow "the header ", and never returns.
 */
export function readJson(bytes: Uint8Array, fail: (problem: string) => never): JsonCursor {
  let at = 0;

  const skip = () => {
    while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  };
  const wrong = (expected: string): never => {
    const found = at >= bytes.length ? "its end" : JSON.stringify(String.fromCharCode(bytes[at]));
    return fail(`has ${found} at byte ${at} where ${expected} should be`);
  };
  const take = (char: string): boolean => {
    skip();
    if (bytes[at] !== char.charCodeAt(0)) return false;
    at++;
    return true;
  };
  const expect = (char: string): void => {
    if (!take(char)) wrong(`"${char}"`);
  };

  const string = (): string => {
    expect('"');
    const start = at;
    let escaped = false;
    let all = 0;
    for (; bytes[at] !== quote; at++) {
      all |= bytes[at];
      if (at >= bytes.length) fail(`ends inside the string that starts at byte ${start}`);
      if (bytes[at] < 0x20) wrong("a printable character");
      if (bytes[at] === backslash) {
        escaped = true;
        at++;
      }
    }
    const raw = bytes.subarray(start, at++);
    // For short strings making the decoder work costs more than the string.
    if (all < 0x80 && !escaped && raw.length < 24) return String.fromCharCode.apply(null, raw as unknown as number[]);
    let text: string;
    try {
      text = utf8.decode(raw);
    } catch {
      return fail(`is not UTF-8 in the string at byte ${start}`);
    }
    if (!escaped) return text;
    try {
      text = JSON.parse(`"${text}"`);
    } catch {
      fail(`has a bad escape in the string at byte ${start}`);
    }
    if (/\p{Surrogate}/u.test(text)) fail(`has half a character in the string at byte ${start}`);
    return text;
  };

  const integer = (): number => {
    skip();
    const start = at;
    let value = 0;
    for (; bytes[at] >= zero && bytes[at] <= nine; at++) {
      value = value * 10 + bytes[at] - zero;
      if (value > Number.MAX_SAFE_INTEGER) fail(`has a number beyond 2^53 at byte ${start}`);
    }
    if (at === start || (bytes[start] === zero && at > start + 1)) wrong("a whole number");
    return value;
  };

  const list = (close: string, item: () => void): void => {
    if (take(close)) return;
    do item();
    while (take(","));
    expect(close);
  };

  return {
    take,
    expect,
    string,
    integer,
    object: (member) => {
      expect("{");
      const seen = new Set<string>();
      list("}", () => {
        const key = string();
        if (seen.has(key)) fail(`has the key ${JSON.stringify(key)} twice`);
        seen.add(key);
        expect(":");
        member(key);
      });
    },
    array: (element) => {
      expect("[");
      list("]", element);
    },
    end: () => {
      skip();
      if (at < bytes.length) wrong("its end");
    },
  };
}
