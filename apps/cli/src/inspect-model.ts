// A model, part by part: what each is, and whether the network that its config describes would load.
import {
  byteSize,
  type Component,
  check,
  clipTextSpec,
  type Model,
  type ModelFolder,
  openModel,
  showBytes,
  tensorsOf,
  unetSpec,
  vaeSpec,
  type Wanted,
} from "dreamgrain/node";
import { print } from "./draw.ts";
import { dtypes, parameters } from "./inspect.ts";
import { counted, table, whole } from "./table.ts";

/** The tensors that each part's config wants. */
const wanted: Readonly<Record<string, (config: unknown) => readonly Wanted[]>> = {
  unet: (config) => tensorsOf.unet(unetSpec(config)),
  vae: (config) => [...tensorsOf.encoder(vaeSpec(config)), ...tensorsOf.decoder(vaeSpec(config))],
  text_encoder: (config) => tensorsOf.text(clipTextSpec(config), false),
  text_encoder_2: (config) => tensorsOf.text(clipTextSpec(config), true),
};

interface Part {
  readonly name: string;
  readonly component: Component | undefined;
  /** Why it would not load. */
  readonly problem: string | undefined;
  /** Tensors that the network does not want. */
  readonly unused: readonly string[];
}

/** Print the parts of a model, in a folder or a single file; returns whether pictures can be drawn with it. */
export async function inspectModel(path: string, folder: ModelFolder, json: boolean): Promise<boolean> {
  const parts: Part[] = [];
  for (const name of Object.keys(wanted))
    if (name !== "text_encoder_2" || folder.has(name)) parts.push(await partOf(name, () => folder.component(name)));
  const model = await openModel(path).catch((error: unknown) => messageOf(error));
  const sound = typeof model !== "string" && parts.every(({ problem }) => problem === undefined);
  if (json) {
    const shown = parts.map(({ name, component, problem, unused }) => ({
      name,
      ...(component && { tensors: component.weights.names().length, parameters: parameters(component.weights) }),
      problem,
      unused,
    }));
    print(JSON.stringify({ path: folder.path, index: folder.index, sound, parts: shown, ...described(model) }));
    return sound;
  }
  print(table(parts.map(row)));
  for (const { name, problem, unused } of parts) {
    if (problem !== undefined) print(`${name} does not load:\n${problem}`);
    if (unused.length > 0)
      print(`${name} has ${counted(unused.length, "tensor")} that nobody wants, such as ${unused[0]}`);
  }
  if (typeof model === "string") print(model);
  else {
    const { width, height, steps, guidance, sampler, schedule } = model.defaults;
    print(
      `${model.name}, hash ${model.hash}: ${width}x${height}, ${steps} steps of ${sampler} (${schedule}), guidance ${guidance}`,
    );
    const { fewSteps, compose } = model;
    if (compose)
      print(
        `first draws ${compose.width}x${compose.height}, then draws on from that, enlarged, with strength ${compose.strength}`,
      );
    if (fewSteps)
      print(
        `few steps, hash ${fewSteps.hash}: ${fewSteps.steps} steps, guidance ${fewSteps.guidance}, ${whole(parameters(fewSteps.lora))} parameters, ${showBytes(byteSize(fewSteps.lora))}, ${dtypes(fewSteps.lora)}`,
      );
  }
  return sound;
}

async function partOf(name: string, open: () => Promise<Component>): Promise<Part> {
  let component: Component | undefined;
  try {
    component = await open();
    const wants = wanted[name]?.(component.config) ?? [];
    return { name, component, problem: undefined, unused: check(component.weights, wants, name) };
  } catch (error) {
    return { name, component, problem: messageOf(error), unused: [] };
  }
}

function row({ name, component }: Part): string[] {
  if (!component) return [name, "does not open"];
  const { weights, config } = component;
  const kind = String(config._class_name ?? (Array.isArray(config.architectures) ? config.architectures[0] : ""));
  return [
    name,
    kind,
    counted(weights.names().length, "tensor"),
    `${whole(parameters(weights))} parameters`,
    showBytes(byteSize(weights)),
    dtypes(weights),
  ];
}

const described = (model: Model | string) =>
  typeof model === "string"
    ? { problem: model }
    : {
        model: model.name,
        hash: model.hash,
        defaults: model.defaults,
        ...(model.compose && { compose: model.compose }),
        ...(model.fewSteps && { fewSteps: (({ lora: _, ...how }) => how)(model.fewSteps) }),
      };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
