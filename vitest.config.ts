// Two projects: `fast` is `npm test` (minutes), `long` is `npm run test:long` (files named *.long.test.ts).
import { defineConfig } from "vitest/config";

const common = { pool: "forks" as const, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    maxWorkers: 2,
    globalSetup: "test/build.ts",
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: "fast",
          include: ["{src,apps,test,examples,bench}/**/*.test.ts"],
          exclude: ["**/*.long.test.ts", "**/node_modules/**", "**/dist/**"],
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: "long",
          globalSetup: "apps/studio/test/build.ts",
          testTimeout: 600_000,
          expect: { poll: { timeout: 30_000 } },
          include: ["{src,apps,test}/**/*.long.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
        },
      },
    ],
  },
});
