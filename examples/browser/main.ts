// Words to a picture inside a page: the model is fetched, a worker runs the engine, and each step is shown as it comes.
import { open, type Pixels, preview, toPixels } from "dreamgrain/web";

const form = document.querySelector("form")!;
const button = document.querySelector("button")!;
const status = document.querySelector("p")!;
const canvas = document.querySelector("canvas")!;

async function show({ width, height, data }: Pixels): Promise<void> {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([...data.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  canvas.getContext("2d")!.drawImage(await createImageBitmap(image), 0, 0, canvas.width, canvas.height);
}

const dream = await open({ model: "/default" });
status.textContent = `${dream.model.name} is ready.`;
button.disabled = false;

form.onsubmit = async (event) => {
  event.preventDefault();
  button.disabled = true;
  const prompt = `${new FormData(form).get("prompt")}`;
  const { pixels, settings } = await dream.draw(prompt, {
    onStep({ index, denoised }) {
      status.textContent = `Step ${index + 1}`;
      const rough = preview(dream.model, denoised);
      if (rough) void show(toPixels(rough)[0]);
    },
  });
  await show(toPixels(pixels)[0]);
  status.textContent = `Done, with seed ${settings.seed}.`;
  button.disabled = false;
};
