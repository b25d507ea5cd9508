"""What diffusers makes of a folder of models: text embeddings, latents after each step, pictures. See README.md.

    run.py MODELS CASES OUT    MODELS/<kind> are folders in the layout of diffusers; OUT/<case>.safetensors is written
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers
import numpy
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file

diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()
torch.set_grad_enabled(False)
torch.set_num_threads(1)


def picture_of(width, height):
    """The picture of every case that begins with one; test/parity/diffusers.ts paints the same."""
    y, x, c = numpy.mgrid[:height, :width, :3]
    return Image.fromarray(((4 * x + 3 * y + x * y // 8 + 80 * c) % 256).astype(numpy.uint8))


def mask_of(width, height, box):
    left, top, right, bottom = box
    mask = numpy.zeros((height, width), numpy.uint8)
    mask[top:bottom, left:right] = 255
    return Image.fromarray(mask)


def guided(pipe, xl, case):
    """The pipeline that a case's task asks for, with the same networks, and what it wants besides words."""
    request = case["request"]
    size = request["width"], request["height"]
    if "task" not in case:
        return pipe, dict(zip(["width", "height"], size))
    name = {"image-to-image": "Img2Img", "inpaint": "Inpaint", "change": "InstructPix2Pix"}[case["task"]]
    kind = getattr(diffusers, f"StableDiffusion{'XL' if xl else ''}{name}Pipeline")
    wants = {"image": picture_of(*size)}
    if case["task"] == "change":
        wants["image_guidance_scale"] = request["imageGuidance"]
    else:
        wants["strength"] = request["strength"]
    if case["task"] == "inpaint":
        wants.update(mask_image=mask_of(*size, case["mask"]), width=size[0], height=size[1])
    return kind(**pipe.components, **({} if xl else {"requires_safety_checker": False})), wants


def load_embeddings(pipe, folder, embeddings):
    """The embeddings of a case, each under the name of its file or the word in it."""
    for embedding in embeddings:
        file = folder / f"{embedding['file']}.safetensors"
        tensors = load_file(file)
        if "clip_l" in tensors:
            for key, suffix in (("clip_l", ""), ("clip_g", "_2")):
                encoder, tokenizer = getattr(pipe, f"text_encoder{suffix}"), getattr(pipe, f"tokenizer{suffix}")
                pipe.load_textual_inversion(
                    tensors[key], token=file.stem, text_encoder=encoder, tokenizer=tokenizer
                )
        else:
            pipe.load_textual_inversion(str(file), token=file.stem if "emb_params" in tensors else None)


def draw(models, case):
    folder = models / case["kind"]
    request = case["request"]
    xl = (folder / "text_encoder_2").exists()
    kind = diffusers.StableDiffusionXLPipeline if xl else diffusers.StableDiffusionPipeline
    more = {} if xl else {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipe = kind.from_pretrained(folder, torch_dtype=torch.float32, **more)
    config = dict(case["scheduler"])
    scheduler = getattr(diffusers, config.pop("_class_name"))
    # What the folder does not say is a default of its own scheduler's; diffusers would drop it even when it is said here.
    known = {name: value for name, value in pipe.scheduler.config.items() if name != "_use_default_values"}
    pipe.scheduler = scheduler.from_config({**known, **config})
    load_embeddings(pipe, models / case["name"], case.get("embeddings", []))

    guidance = request["guidance"]
    skip = request.get("clipSkip", 1) - 1
    words = {"device": "cpu", "num_images_per_prompt": 1, "do_classifier_free_guidance": guidance > 1}
    encoded = pipe.encode_prompt(
        prompt=request["prompt"], negative_prompt=request.get("negative"), clip_skip=skip or None, **words
    )
    names = ["prompt", "negative", "prompt pooled", "negative pooled"]
    kept = {name: t for name, t in zip(names, encoded) if t is not None}

    steps = []
    pipe, wants = guided(pipe, xl, case)
    pipe.set_progress_bar_config(disable=True)
    if "rescale" in request:
        wants["guidance_rescale"] = request["rescale"]
    if skip:
        wants["clip_skip"] = skip
    latents = pipe(
        prompt=request["prompt"],
        negative_prompt=request.get("negative"),
        num_inference_steps=request["steps"],
        guidance_scale=guidance,
        eta=case.get("eta", 0.0),
        **wants,
        generator=torch.Generator("cpu").manual_seed(request["seed"]),
        output_type="latent",
        callback_on_step_end=lambda _, __, ___, state: steps.append(state["latents"].clone()) or {},
    ).images
    kept["latents"] = torch.cat(steps)
    kept["picture"] = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    return {name: t.float().contiguous() for name, t in kept.items()}


def check_single_file(folder):
    """Whether diffusers finds in a single file, written by dreamgrain, just what is in the folder."""
    xl = (folder / "text_encoder_2").exists()
    kind = diffusers.StableDiffusionXLPipeline if xl else diffusers.StableDiffusionPipeline
    file = kind.from_single_file(folder.with_suffix(".safetensors"), config=str(folder), local_files_only=True)
    whole = kind.from_pretrained(folder)
    for name in ["unet", "vae", "text_encoder", *(["text_encoder_2"] if xl else [])]:
        part = getattr(whole, name).state_dict()
        found = getattr(file, name).state_dict()
        assert found.keys() == part.keys(), f"{folder.name}: {name} has other tensors in the single file"
        for key, t in part.items():
            assert torch.equal(found[key].float(), t.float()), f"{folder.name}: {name} {key} differs in the single file"
    print(folder.name, "the same in a single file", flush=True)


def main(models, cases, out):
    for file in sorted(models.glob("*.safetensors")):
        check_single_file(file.with_suffix(""))
    if not hasattr(transformers.CLIPTextModel, "text_model"):
        # transformers 5 has no such level any more; diffusers 0.42 still looks for the final norm there to skip layers.
        transformers.CLIPTextModel.text_model = property(lambda self: self)
    out.mkdir(parents=True, exist_ok=True)
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    for case in json.loads(cases.read_text()):
        tensors = draw(models, case)
        save_file(tensors, out / f"{case['name']}.safetensors", metadata=versions)
        print(case["name"], {name: list(t.shape) for name, t in tensors.items()}, flush=True)


main(*map(Path, sys.argv[1:4]))
