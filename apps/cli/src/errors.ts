// What went wrong, as one line for a person and one number for a script.

/** The exit codes of dreamgrain. */
export const EXIT = { ok: 0, failure: 1, usage: 2, model: 3, memory: 4, interrupted: 130 } as const;

/** The command was given something that it cannot take. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Somebody pressed Ctrl-C; the message says what is left of the work. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

// Errors are told by name, so that `--help` need not load the library that their classes are in.
const named = (error: unknown, ...names: string[]): error is Error =>
  error instanceof Error && names.includes(error.name);

const noMemory = (error: unknown): boolean =>
  named(error, "MemoryError") ||
  (named(error, "EngineDied") && "reason" in error && error.reason === "memory") ||
  (named(error, "RangeError") && /allocation failed|invalid (typed )?array length/i.test(error.message));

/** The exit code that an error deserves. */
export function exitCode(error: unknown): number {
  if (noMemory(error)) return EXIT.memory;
  if (named(error, "Interrupted")) return EXIT.interrupted;
  if (named(error, "UsageError")) return EXIT.usage;
  if (named(error, "ModelError")) return EXIT.model;
  if (named(error, "CommanderError") && "exitCode" in error) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  return EXIT.failure;
}

/** The error in one line. What else a long one says is counted. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [first = "", ...rest] = message
    .replace(/^error: /, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (named(error, "CommanderError")) return [first, ...rest].join(" ");
  if (!named(error, "ModelError") || rest.length === 0) return first;
  const inspect = "`dreamgrain inspect` lists them";
  return `${first} (and ${rest.length} more such ${rest.length === 1 ? "line" : "lines"}; ${inspect})`;
}

/** A wrong choice that the library refused, as the wrong argument that it was. */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
