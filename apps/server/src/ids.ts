// Ids and secrets: random, and hashes of what must not be kept in the clear.
import { createHash, randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's: 32 letters that are not mistaken for each other

/** A new opaque id: 80 random bits in 16 letters. */
export const newId = (): string => Array.from(randomBytes(16), (byte) => alphabet[byte & 31]).join("");

/** A new secret: 256 random bits. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** SHA-256 in hex: of secrets with 256 random bits, which need no salt, and of files. */
export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
