// Fields: read a config.json field by field, with errors that name the field, what it holds and what was expected.

/** A config that cannot be read, or describes a model that this code does not draw. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads typed fields of one config; absent and null fields take the fallback, and are an error where there is none. */
export interface Fields {
  number(name: string, fallback?: number): number;
  boolean(name: string, fallback: boolean): boolean;
  text<T extends string>(name: string, allowed: readonly T[], fallback?: T): T;
  /** Any text. */
  string(name: string, fallback?: string): string;
  numbers(name: string, fallback?: readonly number[]): readonly number[];
  texts(name: string): readonly string[];
  /** A config within the config; empty where there is none. */
  object(name: string): Readonly<Record<string, unknown>>;
  /** One number for all of `count` levels, or one each. */
  perLevel(name: string, count: number, fallback?: number): readonly number[];
  /** One number for all of `count` levels, or for each a number or a list of them. */
  depths(name: string, count: number, fallback: number): readonly (number | readonly number[])[];
  has(name: string): boolean;
  /** Whether the field is there and says that there is none. */
  isNull(name: string): boolean;
  /** Refuse a config whose fields ask for something else than the given values; absent and null fields pass. */
  only(supported: Readonly<Record<string, readonly unknown[]>>): void;
  fail(name: string, expected: string): never;
}

/** @param what what the config describes, for errors: "unet". */
export function fields(what: string, config: unknown): Fields {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new ConfigError(`${what} config: expected a JSON object, found ${describe(config)}`);
  const record = config as Readonly<Record<string, unknown>>;
  const fail = (name: string, expected: string): never => {
    throw new ConfigError(`${what} config: ${name} is ${describe(record[name])}; expected ${expected}`);
  };
  const has = (name: string): boolean => record[name] !== undefined && record[name] !== null;
  const isNumber = (v: unknown): v is number => typeof v === "number" && Number.isFinite(v);
  const number = (name: string, fallback?: number): number => {
    const value = has(name) ? record[name] : fallback;
    return isNumber(value) ? value : fail(name, "a number");
  };
  const numbers = (name: string, fallback?: readonly number[]): readonly number[] => {
    const value = has(name) ? record[name] : fallback;
    return Array.isArray(value) && value.length > 0 && value.every(isNumber) ? value : fail(name, "a list of numbers");
  };
  return {
    number,
    numbers,
    has,
    isNull: (name) => record[name] === null,
    fail,
    boolean(name, fallback) {
      const value = has(name) ? record[name] : fallback;
      return typeof value === "boolean" ? value : fail(name, "true or false");
    },
    text(name, allowed, fallback) {
      const value = has(name) ? record[name] : fallback;
      return allowed.find((t) => t === value) ?? fail(name, allowed.join(" or "));
    },
    string(name, fallback) {
      const value = has(name) ? record[name] : fallback;
      return typeof value === "string" ? value : fail(name, "a text");
    },
    texts(name) {
      const value = record[name];
      return Array.isArray(value) && value.every((v) => typeof v === "string") ? value : fail(name, "a list of names");
    },
    object(name) {
      const value = has(name) ? record[name] : {};
      const sound = typeof value === "object" && value !== null && !Array.isArray(value);
      return sound ? (value as Readonly<Record<string, unknown>>) : fail(name, "a JSON object");
    },
    perLevel(name, count, fallback) {
      if (!Array.isArray(record[name])) return new Array<number>(count).fill(number(name, fallback));
      const list = numbers(name);
      return list.length === count ? list : fail(name, `one number, or ${count}`);
    },
    depths(name, count, fallback) {
      const value = has(name) ? record[name] : fallback;
      if (isNumber(value)) return new Array<number>(count).fill(value);
      const sound = (v: unknown): boolean => isNumber(v) || (Array.isArray(v) && v.length > 0 && v.every(isNumber));
      return Array.isArray(value) && value.length === count && value.every(sound)
        ? value
        : fail(name, `one number, or ${count} numbers or lists of numbers`);
    },
    only(supported) {
      for (const [name, values] of Object.entries(supported))
        if (has(name) && !values.some((v) => JSON.stringify(v) === JSON.stringify(record[name])))
          fail(name, `${values.map(describe).join(" or ")} (other variants are not supported)`);
    },
  };
}

function describe(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
