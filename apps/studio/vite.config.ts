// How the studio is built: one page, hashed files, a service worker that knows them, nothing from elsewhere.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The pages; what only a chapter of Learn needs is kept when it is met. */
const pages = /\/src\/(create|gallery|grid|account|learn)\/[A-Z]\w+\.tsx$/;

/** The service worker, with the list of what the shell is made of and a version that changes with it. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    generateBundle(_options, bundle) {
      const shell = new Set(["/", "/theme.js", "/icon.svg", "/manifest.webmanifest"]);
      const add = (name: string): void => {
        const chunk = bundle[name];
        if (shell.has(`/${name}`) || chunk?.type !== "chunk") return;
        shell.add(`/${name}`);
        for (const wanted of chunk.imports) add(wanted);
      };
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === "chunk" && (file.isEntry || pages.test(file.facadeModuleId ?? ""))) add(name);
        if (/\.css$|-latin-[^/]*\.woff2$/.test(name) && !name.includes("-latin-ext-")) shell.add(`/${name}`);
      }
      const source = readFileSync(at("src/service-worker.js"), "utf8");
      this.emitFile({
        type: "asset",
        fileName: "service-worker.js",
        source: source.replace("SHELL_FILES", JSON.stringify([...shell])),
      });
    },
  };
}

export default defineConfig({
  root: at("."),
  plugins: [react(), serviceWorker()],
  resolve: { conditions: ["source", ...defaultClientConditions] },
  worker: { format: "es" },
  build: { outDir: at("dist"), emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: {
    // `npm run dev -w apps/studio` beside a running server.
    proxy: Object.fromEntries(
      ["/v1", "/models"].map((path) => [path, process.env.DREAMGRAIN_SERVER ?? "http://127.0.0.1:7860"]),
    ),
  },
});
