// The commands, their options and their help.
import { createRequire } from "node:module";
import { styleText } from "node:util";
import { Command } from "commander";
import { UsageError } from "./errors.ts";

const examples = `Words to picture, by latent diffusion.

  dreamgrain "a dream of a distant galaxy"           writes a-dream-of-a-distant-galaxy-….png
  dreamgrain "a red boat at dusk" --seed 7 -o boat.png
  dreamgrain "a castle" -n "snow" --guidance 5       says what it should not show, and insists
  dreamgrain "a blue planet" --batch 4 -o planets/   four pictures, seeds one apart
  dreamgrain "a lighthouse" --steps-strip            how it comes out of the noise
  dreamgrain again boat.png                          the same picture, byte for byte
`;

const ending = `
Pictures go to files, their paths to stdout, everything else to stderr. A picture remembers how it was made.
DREAMGRAIN_MODELS names folders in which to look for models; NO_COLOR keeps colours and pictures off the terminal.
Exit codes: 0 ok, 1 failure, 2 usage, 3 model missing or unreadable, 4 out of memory, 130 interrupted.
`;

/** The program, ready to parse; each action imports its command only when it is called. */
export function program(): Command {
  const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
  const root = new Command("dreamgrain")
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // main.ts prints errors, in its own way
    .configureHelp({ styleTitle: (title) => styleText("bold", title), showGlobalOptions: false })
    .enablePositionalOptions()
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("before", examples)
    .addHelpText("after", ending)
    .argument("[words...]", "what the picture shows");
  drawing(root);
  root.action(async (words: string[], options) => {
    if (words.length === 0 && !options.unguided && options.image === undefined)
      throw new UsageError(
        'what should the picture show? For example: dreamgrain "a red boat" (or --help, or --unguided)',
      );
    await (await import("./draw.ts")).draw(words, options);
  });
  root.commandsGroup("Other commands:");

  remaking(output(root.command("again").description("make a picture again from its own metadata, byte for byte")))
    .argument("<picture>", "a PNG that dreamgrain wrote")
    .action(async (file, options) => (await import("./again.ts")).again(file, options));
  const relatives = root
    .command("vary")
    .description("relatives of a picture: drawn from it, as it says it was made or as the words say, with another seed")
    .argument("<picture>", "a PNG, made by dreamgrain or not")
    .argument("[words...]", "what they show instead");
  drawing(relatives, true);
  relatives.action(async (file, words, options) => (await import("./vary.ts")).vary(file, words, options));
  remaking(root.command("verify").description("draw a picture again and say how far it is from the file"))
    .argument("[picture]", "a PNG that dreamgrain wrote")
    .option(
      "--reference <name>",
      "compare with what diffusers published instead: sd11, sd14 or sd2-base, given with --model",
    )
    .option("--json", "as JSON")
    .action(async (file, options) => {
      if ((file === undefined) === (options.reference === undefined))
        throw new UsageError("verify: name either a picture or a --reference");
      if (file === undefined) await (await import("./reference.ts")).verifyReference(options.reference, options);
      else await (await import("./verify.ts")).verify(file, options);
    });
  root
    .command("models")
    .description("list the models that are there")
    .option("--json", "one JSON object per model")
    .action(async (options) => (await import("./models.ts")).models(options));
  root
    .command("samplers")
    .description("list the samplers and the schedules, by all their names")
    .option("--json", "one JSON object per line")
    .action(async (options) => (await import("./samplers.ts")).samplers(options));
  root
    .command("inspect")
    .description("what is in a model folder, a .safetensors file or a PNG")
    .argument("<file>")
    .option("--json", "as JSON")
    .action(async (file, options) => (await import("./inspect.ts")).inspect(file, options));
  root
    .command("convert")
    .description(
      "a single file to a folder in the layout of diffusers, or back; not a bit changes unless --dtype says so",
    )
    .argument("<from>", "a folder, a .safetensors file, or a name that `models` lists")
    .argument("<to>", "a path that ends in .safetensors, or a folder to be made")
    .option("--dtype <type>", "store every tensor as f16, bf16 or f32")
    .option("--ema", "the averaged copy of the weights, where a file has both")
    .action(async (from, to, options) => (await import("./convert.ts")).convert(from, to, options));
  root
    .command("tokens")
    .description("how words are read: CLIP's pieces beside GPT-2's and the model's own")
    .argument("<words...>")
    .option("--model <folder>", "a folder, or a name that `models` lists")
    .option("--embedding <path>", "a textual inversion, or a folder of them, for the model's own reading", each)
    .option("--json", "as JSON")
    .action(async (words, options) => (await import("./tokens.ts")).tokens(words, options));
  comparing(root.command("distance").description("how near words and pictures are to one another, every two of them"))
    .argument("<things...>", "two or more: words in quotes, or PNGs")
    .action(async (things, options) => (await import("./distance.ts")).distance(things, options));
  comparing(root.command("search").description("the pictures of a folder that show what the words say"))
    .argument("<folder>", "is searched with those inside it; what its pictures show is remembered")
    .argument("<words...>", "or a PNG: what is like it")
    .option("--count <count>", "how many are listed", "10")
    .action(async (folder, words, options) => (await import("./search.ts")).search(folder, words, options));
  output(root.command("noise").description("a strip that shows a picture drown in noise: in pixels, and in latents"))
    .argument("<picture>", "a PNG of any size")
    .option("--seed <number>", "of the noise", "0")
    .option("--levels <count>", "pictures in the strip", "8")
    .option("--model <folder>", "a folder, or a name that `models` lists")
    .action(async (file, options) => (await import("./noise.ts")).noise(file, options));
  root
    .command("serve")
    .description("the studio in a browser, and an HTTP API: a queue that survives, every picture ever drawn")
    .option("--port <number>", "where; 0 for any that is free", "7860")
    .option("--host <address>", "to be reached from elsewhere, which needs --accounts", "127.0.0.1")
    .option("--data <folder>", "where pictures and jobs are kept; ~/.local/share/dreamgrain unless told")
    .option("--model <path>", "draw with this one unless a request says otherwise")
    .option("--accounts", "people sign in, and pictures cost credits")
    .option("--no-sign-up", "with --accounts: no new accounts but the first")
    .option(
      "--allow-host <name>",
      "another name of this machine, such as that of a proxy; more than once for more",
      each,
    )
    .option("--open", "open a browser")
    .option("--log <level>", "silent, error, warn, info or debug, as JSON lines on stderr; never what pictures show")
    .action(async (options) => (await import("./serve.ts")).serve(options));
  root
    .command("train")
    .description("train a model of your own from an empty folder; Ctrl-C stops, the same command goes on")
    .option(
      "--size <size>",
      "tiny (minutes), small (an hour), default (what ships) or further (what ships, with --from)",
      "tiny",
    )
    .option("--folder <folder>", "where the run lives; runs/<size> unless told")
    .option(
      "--from <model>",
      "begin with the weights of this model, of the same size: a folder, or a name that `models` lists",
    )
    .option("--seed <number>", "another seed, another model", "1")
    .option("--cores <count>", "to train on; 1 leaves the others for other work", "2")
    .option("--device <name>", "what computes gradients: cpu, cuda (an NVIDIA card) or webgpu (any card)", "cpu")
    .action(async (options) => (await import("./train.ts")).train(options));
  return root;
}

/** The options of drawing: from words and whatever picture is named, or relatives of a picture that is an argument. */
function drawing(command: Command, relatives = false): void {
  command
    .optionsGroup("What it shows:")
    .option("-n, --negative <words>", "what it should not show")
    .option("--seed <number>", "any whole number; the same seed, the same picture (random unless told)")
    .option("--size <WxH>", "in pixels; the model's own size unless told")
    .option("--batch <count>", "so many pictures, each with the next seed", "1")
    .option("--unguided", "no words at all: whatever the noise leads to")
    .optionsGroup("From which picture:");
  if (!relatives)
    command
      .option(
        "--hires",
        "from its own first pass: at the model's own size, then enlarged and drawn on, for pictures twice as wide and high (or any larger --size)",
      )
      .option(
        "--image <path>",
        "a PNG to begin with (or, with models like instruct-pix2pix, to change as the words say)",
      )
      .option(
        "--mask <path>",
        "a PNG of the same size: white where something new is drawn, black where the image stays",
      );
  const usual = relatives ? "0.6 unless told" : "0.75 unless told, with a mask 1, with --hires 0.5";
  command
    .option("--strength <share>", `how far from the image, from 0 to 1; ${usual}`)
    .option("--image-guidance <scale>", "how close to the image, for models like instruct-pix2pix; 1.5 unless told")
    .optionsGroup("How it is drawn:")
    .option(
      "--quality <name>",
      "fast (a few steps, where the model was taught to: so it draws unless told how) or best",
    )
    .option("--steps <count>", "more are clearer, fewer are faster")
    .option("--guidance <scale>", "how hard to follow the words; 1 is as trained")
    .option("--sampler <name>", 'euler, dpmpp2m, unipc, "DPM++ 2M Karras" … (`samplers` lists them)')
    .option("--schedule <name>", "which noise levels: trailing, karras, beta, simple … (`samplers` lists them)")
    .option(
      "--clip-skip <count>",
      "guided by an earlier layer of the text encoder; 1 is as trained, 2 is usual for anime",
    )
    .option(
      "--rng <name>",
      "cpu draws the noise that diffusers draws (cpu-f16, cpu-bf16 in half precision), nv what A1111 and stable-diffusion.cpp draw",
    )
    .option("--variation-seed <number>", "a relative of the picture: noise of this seed mixed in")
    .option("--variation-strength <share>", "… as much of it, from 0 to 1")
    .optionsGroup("With which model:")
    .option("--model <path>", "a folder, a .safetensors file, or a name that `models` lists");
  choosing(command);
  command.optionsGroup("What comes out:");
  output(command)
    .option("--steps-strip", "a strip of the picture coming out of the noise, instead of the picture")
    .option(
      "--score",
      "beside each picture how near it is to the words: 1 at best, about 0 when it has nothing of them",
    );
  command.optionsGroup("And:");
}

/** What is taken from elsewhere, or otherwise than the model says. */
const choosing = (command: Command): Command =>
  command
    .option("--vae <path>", "another autoencoder: a folder or a .safetensors file")
    .option("--text-encoder <path>", "another (first) text encoder, likewise")
    .option("--prediction <what>", "what the network was trained to say, if the model is wrong about it: epsilon, v …")
    .option("--ema", "the averaged copy of the weights, where a file has both")
    .option("--fast", "faster steps for twice the memory and a longer start: worth it for large models and many steps")
    .option(
      "--embedding <path>",
      "a textual inversion, whose name is then a word: a .safetensors file, or a folder of them; more than once for more",
      each,
    );

/** Which model compares, and how that is said. */
const comparing = (command: Command): Command =>
  command
    .option(
      "--model <path>",
      "a CLIP: a folder, or a .safetensors beside its config.json; the one that ships unless told",
    )
    .option("--json", "as JSON");

const each = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The model of a picture that is made again: the one that it was made with, unless told. */
const remaking = (command: Command): Command =>
  choosing(command.option("--model <path>", "draw with this model instead of the one it was made with"))
    .option("--image <path>", "where the picture lies that it was made from, if not where it was")
    .option("--mask <path>", "where its mask lies, likewise");

const output = (command: Command): Command =>
  command
    .option("-o, --output <path>", "a file, a folder, or - for stdout; a free name here unless told")
    .option("--json", "one JSON object per picture on stdout")
    .option("-q, --quiet", "say nothing but errors");
