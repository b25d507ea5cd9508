// How a page with dreamgrain in it is built by Vite: workers as modules, and the two headers that let WebAssembly have threads.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  publicDir: fileURLToPath(new URL("../../models", import.meta.url)), // served at /: the model that ships is /default
  resolve: { conditions: ["source", "module", "browser", "development|production"] }, // in this repository, from sources
  worker: { format: "es" },
  build: { target: "es2023" },
  server: { headers },
  preview: { headers },
});
