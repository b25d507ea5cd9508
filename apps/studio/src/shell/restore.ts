// Settings out of a picture's file: the server reads them, the form takes them, a message says whose they were.
import type { Quote, ReadSettings } from "@dreamgrain/server/contract";
import { post } from "../api/client.ts";
import { beginWith, recall } from "../create/store.ts";
import { complain, note } from "./notes.ts";

const programs = {
  dreamgrain: "dreamgrain",
  a1111: "AUTOMATIC1111",
  comfyui: "ComfyUI",
  invokeai: "InvokeAI",
} as const;

/** Fill the form with what a picture's file says about how it was made. */
export async function restore(file: Blob): Promise<void> {
  try {
    const read = await post<ReadSettings>("/v1/pictures/read", file, {
      headers: { "Content-Type": file.type || "image/png" },
    });
    if (read.program === null) {
      const begin = { label: "Begin with it", act: () => void beginWith(file).catch(complain) };
      note("This picture does not say how it was made.", { action: begin });
      return;
    }
    // A quote knows every sampler by any program's name, and says what is chosen where the picture does not.
    const { settings } = await post<Quote>("/v1/quotes", { request: read.request });
    recall({ ...settings, seed: read.request.seed }, "all");
    note([`Settings restored from ${programs[read.program]}.`, ...read.notices].join(" "));
  } catch (error) {
    complain(error);
  }
}
