"""What transformers makes of a tiny CLIP that dreamgrain wrote: a text and a picture in the space they share. See README.md.

    clip.py FOLDER OUT    FOLDER is one of test/tiny-clip.ts, of CLIP's words; OUT is a JSON file
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPModel

# "a photo of a cat", as CLIP's tokenizer reads it.
IDS = [49406, 320, 1125, 539, 320, 2368] + [49407] * 71



def picture_of(width, height):
    """As in run.py."""
    y, x, c = numpy.mgrid[:height, :width, :3]
    return Image.fromarray(((4 * x + 3 * y + x * y // 8 + 80 * c) % 256).astype(numpy.uint8))


folder, out = sys.argv[1:]
model = CLIPModel.from_pretrained(folder).eval()
side = model.config.vision_config.image_size
processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
pixels = processor(picture_of(41, 30), return_tensors="pt").pixel_values
with torch.no_grad():
    said = model(input_ids=torch.tensor([IDS]), pixel_values=pixels)
mean, std = (torch.tensor(values)[:, None, None] for values in (processor.image_mean, processor.image_std))
seen = (255 * (pixels[0] * std + mean)).round().int()
with open(out, "w") as file:
    json.dump(
        {
            "pixels": " ".join(str(value) for value in seen.flatten().tolist()),
            "text": said.text_embeds[0].tolist(),
            "picture": said.image_embeds[0].tolist(),
            "logits": said.logits_per_image[0].tolist(),
        },
        file,
        indent=1,
    )
    file.write("\n")
