#!/usr/bin/env node
// dreamgrain: the command line. Only the help is here; each command loads what it needs when it is called.
import { EXIT, exitCode, oneLine } from "./errors.ts";
import { program } from "./program.ts";

// A reader that has seen enough (`dreamgrain models | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
  if (process.exitCode !== EXIT.ok) process.stderr.write(`dreamgrain: ${oneLine(error)}\n`);
  if (process.env.DREAMGRAIN_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
