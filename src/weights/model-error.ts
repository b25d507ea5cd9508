// What went wrong with a model on disk, in one clear line and a code an application can act on.

/**
 * Why a model cannot be used: `missing` (no such file, folder or tensor), `unreadable` (the system refused),
 * `not-safetensors` (another kind of file), `corrupt` (a truncated, lying or malformed file), `mismatch` (tensors that
 * do not fit the network), `not-finite` (networks that say NaN or infinity), `unsupported` (sound, but nothing dreamgrain
 * can run).
 */
export type ModelErrorCode =
  | "missing"
  | "unreadable"
  | "not-safetensors"
  | "corrupt"
  | "mismatch"
  | "not-finite"
  | "unsupported";

/** A model that is missing or cannot be used; the message is meant for the person who chose it. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ModelError";
    this.code = code;
  }
}
