// npm run parity:diffusers: draws the cases of reference/cases.json with diffusers and with dreamgrain, keeps diffusers'
// numbers in test/golden/diffusers and writes docs/parity.md. Without Python it compares with the numbers that are kept.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFolder, writeSingleFile } from "../src/pipelines/convert.ts";
import { ortNode } from "../src/runtime/ort-node.ts";
import { openModelFolder } from "../src/weights/checkpoint.ts";
import { openSafetensors } from "../src/weights/safetensors-file.ts";
import { allowed, casesFile, compareCase, diffusersCases, kept, writeEmbeddings } from "../test/parity/diffusers.ts";
import { writeTinyModel } from "../test/tiny-model.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const venv = join(root, "reference/venv/bin/python");
const python = process.env.PYTHON ?? (existsSync(venv) ? venv : undefined);

/** Kinds that diffusers recognises in single files, small as they are. */
const SINGLE = new Set(["sd", "xl"]);

const folder = await mkdtemp(join(tmpdir(), "dreamgrain-parity-"));
try {
  for (const kind of new Set(diffusersCases.map((c) => c.kind))) {
    // Written once more by `convert`, so that diffusers reads what that writes: configs and tokenizers too.
    const tiny = await openModelFolder(await writeTinyModel(join(folder, `${kind}-tiny`), kind));
    await writeFolder(join(folder, kind), tiny);
    if (SINGLE.has(kind)) await writeSingleFile(join(folder, `${kind}.safetensors`), tiny);
  }
  const embeddings = new Map<string, readonly string[]>();
  for (const c of diffusersCases) embeddings.set(c.name, await writeEmbeddings(join(folder, c.name), c));
  if (python) {
    const script = join(root, "reference/run.py");
    const { status } = spawnSync(python, [script, folder, casesFile, kept], { stdio: "inherit" });
    if (status !== 0) throw new Error(`parity:diffusers: ${python} ${script} failed; see reference/README.md`);
  } else console.error("no reference/venv and no PYTHON: compared with the numbers that are kept");

  await using runtime = await ortNode({ threads: 1 });
  const short = (error: number): string => error.toExponential(1);
  const lines: string[] = [];
  let sound = true;
  for (const c of diffusersCases) {
    const { name, text, latents, picture, pixels } = await compareCase(
      c,
      join(folder, c.kind),
      embeddings.get(c.name)!,
      runtime,
    );
    sound &&= Math.max(text, latents, picture) <= allowed.tensors && pixels <= allowed.pixels;
    lines.push(`| ${name} | ${short(text)} | ${short(latents)} | ${short(picture)} | ${(100 * pixels).toFixed(2)} % |`);
    console.log(lines.at(-1));
  }
  const { metadata } = await openSafetensors(join(kept, `${diffusersCases[0].name}.safetensors`));
  await writeFile(
    join(root, "docs/parity.md"),
    page(lines, `diffusers ${metadata.diffusers}, torch ${metadata.torch}`),
  );
  if (!sound) throw new Error("parity:diffusers: further off than allowed");
} finally {
  await rm(folder, { recursive: true, force: true });
}

function page(lines: readonly string[], versions: string): string {
  return `# Side by side with diffusers

Tiny models with random weights, drawn by ${versions} and by dreamgrain (ONNX Runtime, one thread) from the same files. Worst
relative rms error of the text embeddings, of the latents after each step and of the decoded picture; share of pixel values
more than 1 of 255 away. Allowed: ${allowed.tensors.toExponential(0)} and ${100 * allowed.pixels} %. Written by \`npm run parity:diffusers\`; what each case
is stands in [reference/cases.json](../reference/cases.json).

| case | text | latents | picture | pixels |
| --- | ---: | ---: | ---: | ---: |
${lines.join("\n")}
`;
}
