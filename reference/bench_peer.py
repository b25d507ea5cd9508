"""A peer that the benchmarks time beside dreamgrain: one request a line on stdin, one answer a line on stdout, all JSON.

bench_peer.py ENGINE DTYPE CHECKPOINT CONFIGS THREADS, started by bench/peer.ts, where the requests and answers are described.
CHECKPOINT is a single .safetensors in the original layout, CONFIGS a folder of config.json files as diffusers lays them out.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TOKENS = 77
GUIDANCE = 7.5


def memory():
    """Bytes, from the kernel: resident now, of these anonymous and of files, and the most that was ever resident."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    names = {"rss": "VmRSS", "anon": "RssAnon", "file": "RssFile", "peak": "VmHWM"}
    return {name: 1024 * int(lines[key].split()[0]) for name, key in names.items()}


def config_of(configs, part):
    return json.loads((Path(configs) / part / "config.json").read_text())


def text_parts(configs):
    return [part for part in ["text_encoder", "text_encoder_2"] if (Path(configs) / part).exists()]


def example(configs, part, side, batch):
    """What a part is asked, as arrays: noise of side x side latents, the time, a context; or the ids of a text."""
    import numpy

    random = numpy.random.default_rng(1)
    noise = lambda *shape: random.standard_normal(shape, dtype=numpy.float32)
    if part == "vae":
        return {"latents": noise(batch, config_of(configs, "vae")["latent_channels"], side, side)}
    if part != "unet":
        # An end of text in the last place: OpenCLIP's pooled output is read where the largest id stands.
        ids = random.integers(0, 49406, (batch, TOKENS), dtype=numpy.int64)
        ids[:, -1] = config_of(configs, part)["vocab_size"] - 1
        return {"ids": ids}
    config = config_of(configs, "unet")
    inputs = {
        "sample": noise(batch, config["in_channels"], side, side),
        "time": numpy.array(500, dtype=numpy.float32),
        "context": noise(batch, TOKENS, config["cross_attention_dim"]),
    }
    if config.get("addition_embed_type") == "text_time":
        inputs["pooled"] = noise(batch, config_of(configs, "text_encoder_2")["projection_dim"])
        inputs["sizes"] = numpy.tile(numpy.float32([8 * side, 8 * side, 0, 0, 8 * side, 8 * side]), (batch, 1))
    return inputs


def load_modules(checkpoint, configs, dtype):
    """diffusers' own reading of the single file, without the network: a function of tensors for each part."""
    import diffusers
    import torch

    xl = len(text_parts(configs)) == 2
    kind = diffusers.StableDiffusionXLPipeline if xl else diffusers.StableDiffusionPipeline
    # Texts come as ids, so no tokenizer is needed.
    without = {name: None for name in ["tokenizer", *(["tokenizer_2"] if xl else [])]}
    pipe = kind.from_single_file(checkpoint, config=configs, torch_dtype=dtype, local_files_only=True, **without)

    class UNet(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unet = pipe.unet

        def forward(self, sample, time, context, pooled=None, sizes=None):
            added = None if pooled is None else {"text_embeds": pooled, "time_ids": sizes}
            return self.unet(sample, time, context, added_cond_kwargs=added, return_dict=False)[0]

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.vae = pipe.vae

        def forward(self, latents):
            return self.vae.decode(latents / self.vae.config.scaling_factor, return_dict=False)[0]

    class Text(torch.nn.Module):
        def __init__(self, encoder):
            super().__init__()
            self.encoder = encoder

        def forward(self, ids):
            return self.encoder(ids, output_hidden_states=True, return_dict=False)[:2]

    parts = {"unet": UNet(), "vae": Decoder()}
    for part in text_parts(configs):
        parts[part] = Text(getattr(pipe, part))
    return {part: module.eval() for part, module in parts.items()}


class Diffusers:
    """diffusers as it is: eager torch, its own choice of attention (SDPA), convolutions channels-last."""

    how = ""

    def __init__(self, dtype, checkpoint, configs, threads):
        import diffusers
        import torch

        torch.set_num_threads(threads)
        self.torch = torch
        self.dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
        self.given = checkpoint, configs
        self.versions = f"diffusers {diffusers.__version__}, torch {torch.__version__}{self.how}"

    def load(self):
        self.parts = load_modules(*self.given, self.dtype)
        for part in ["unet", "vae"]:
            self.parts[part].to(memory_format=self.torch.channels_last)

    def prepare(self, part, inputs):
        def tensor(array):
            t = self.torch.from_numpy(array)
            t = t.to(self.dtype) if t.is_floating_point() else t
            return t.contiguous(memory_format=self.torch.channels_last) if t.dim() == 4 else t

        tensors = [tensor(array) for array in inputs.values()]

        def run():
            with self.torch.no_grad():
                return self.parts[part](*tensors)

        return run


class Compiled(Diffusers):
    """The same through torch.compile, with a C++ compiler at hand: minutes and a copy of the weights for each shape."""

    how = " compiled"

    def load(self):
        super().load()
        import torch._inductor.config

        # Weights are constants then and repacked: as fast as it gets.
        torch._inductor.config.freezing = True
        self.parts = {part: self.torch.compile(module, dynamic=False) for part, module in self.parts.items()}
        self.compiled = set()

    def prepare(self, part, inputs):
        run = super().prepare(part, inputs)
        shapes = part, *(array.shape for array in inputs.values())
        if shapes not in self.compiled:
            run()
            self.compiled.add(shapes)
        return run


class OpenVino:
    """OpenVINO on the same networks, exported once by diffusers' modules into a folder beside the checkpoint."""

    def __init__(self, dtype, checkpoint, configs, threads):
        import openvino

        self.openvino = openvino
        self.core = openvino.Core()
        self.settings = {
            "INFERENCE_PRECISION_HINT": dtype,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
        }
        self.folder = exported(checkpoint)
        if not self.folder.exists() or self.folder.stat().st_mtime < os.stat(checkpoint).st_mtime:
            # A process of its own, so that what torch takes is not counted as OpenVINO's.
            export = [sys.executable, __file__, "export", dtype, checkpoint, configs, str(threads)]
            subprocess.run(export, check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)
        self.compiled = {}
        self.versions = f"openvino {openvino.get_version().split('-')[0]}"

    def load(self):
        self.models = {file.stem: self.core.read_model(file) for file in sorted(self.folder.glob("*.xml"))}

    def prepare(self, part, inputs):
        shapes = {name: array.shape for name, array in inputs.items()}
        # Shapes are static, and one of them is kept compiled for each part: a program draws at one size at a time.
        if self.compiled.get(part, (None,))[0] != shapes:
            self.compiled.pop(part, None)
            model = self.models[part]
            model.reshape({name: list(shape) for name, shape in shapes.items()})
            self.compiled[part] = shapes, self.core.compile_model(model, "CPU", self.settings).create_infer_request()
        request = self.compiled[part][1]
        return lambda: list(request.infer(inputs).values())


def exported(checkpoint):
    return Path(checkpoint).with_suffix(".openvino")


def halve(model):
    """OpenVINO's own compression of weights to half precision, but of no constant that it changes: the time's frequencies."""
    import numpy
    from openvino import opset13
    from openvino._offline_transformations import compress_model_transformation

    kept = {}
    for node in model.get_ops():
        if node.get_type_name() == "Constant" and node.get_element_type().get_type_name() == "f32":
            with numpy.errstate(over="ignore"):
                half = node.data.astype(numpy.float16)
            if not numpy.array_equal(half, node.data):
                kept[node.get_friendly_name()] = node.data.copy()
    compress_model_transformation(model)
    for node in model.get_ops():
        if node.get_type_name() == "Convert" and node.get_friendly_name() in kept:
            whole = opset13.constant(kept[node.get_friendly_name()])
            for user in list(node.output(0).get_target_inputs()):
                user.replace_source_output(whole.output(0))


def export(checkpoint, configs, threads):
    """Writes each part as OpenVINO's own files, shapes open, weights in half precision as in the checkpoint."""
    import openvino
    import torch

    torch.set_num_threads(threads)
    modules = load_modules(checkpoint, configs, torch.float32)
    folder = exported(checkpoint)
    unfinished = folder.with_suffix(".unfinished")
    for old in [folder, unfinished]:
        shutil.rmtree(old, ignore_errors=True)
    unfinished.mkdir()
    for part in list(modules):
        inputs = example(configs, part, 16, 2)
        given = {name: torch.from_numpy(array) for name, array in inputs.items()}
        with torch.no_grad():
            model = openvino.convert_model(modules.pop(part), example_input=given)
        for port, name in zip(model.inputs, inputs):
            port.tensor.set_names({name})
        halve(model)
        openvino.save_model(model, unfinished / f"{part}.xml", compress_to_fp16=False)
    unfinished.rename(folder)


ENGINES = {"diffusers": Diffusers, "compiled": Compiled, "openvino": OpenVino}


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def answer(engine, configs, request):
    do = request["do"]
    if do == "load":
        return {**timed(engine.load), "prepared": 0, **memory()}
    if do == "text":
        asked = [(part, 0, 1) for part in text_parts(configs)]
    elif do == "unet":
        asked = [("unet", request["side"], request["batch"])]
    elif do == "step":
        asked = [("unet", request["side"], 2)]
    elif do == "decode":
        asked = [("vae", request["side"], 1)]
    else:
        raise ValueError(f"there is no request {do!r}; there are load, text, unet, step, decode")
    began = time.perf_counter()
    runs = [engine.prepare(part, example(configs, part, side, batch)) for part, side, batch in asked]
    prepared = time.perf_counter() - began

    def work():
        outputs = [run() for run in runs]
        if do == "step":
            one, other = outputs[0] if len(outputs[0]) == 2 else outputs[0][0]
            return one + GUIDANCE * (other - one)

    return {**timed(work), "prepared": prepared, **memory()}


def main(name, dtype, checkpoint, configs, threads):
    if name == "export":
        return export(checkpoint, configs, int(threads))
    # What libraries print goes to stderr: stdout carries answers and nothing else.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(content):
        answers.write(json.dumps(content) + "\n")

    try:
        engine = ENGINES[name](dtype, checkpoint, configs, int(threads))
        say({"versions": engine.versions})
    except Exception as error:
        return say({"error": f"{type(error).__name__}: {error}"})
    for line in sys.stdin:
        try:
            say(answer(engine, configs, json.loads(line)))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main(*sys.argv[1:])
