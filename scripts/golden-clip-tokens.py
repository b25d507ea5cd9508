# Writes test/golden/clip-tokens.json: tricky strings and their CLIP ids as Hugging Face's transformers sees them.
# pip install transformers==5.* (no torch, no download): python scripts/golden-clip-tokens.py merges.txt
# merges.txt: the decompressed assets/clip-merges.gz (node: gunzipSync(readFileSync(...))).
import json, pathlib, random, sys
import tokenizers, transformers
from transformers import CLIPTokenizer

root = pathlib.Path(__file__).resolve().parent.parent
merges = [tuple(line.split(" ")) for line in open(sys.argv[1], encoding="utf8").read().split("\n") if line]
assert len(merges) == 48894

visible = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
hidden = [b for b in range(256) if b not in visible]
symbols = [chr(b) for b in visible] + [chr(256 + i) for i in range(len(hidden))]
words = symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
vocab = {w: i for i, w in enumerate(words)}
assert len(vocab) == 49408

sd1 = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)
sd2 = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77, pad_token="!")

texts = """a photo of a cat
A dream of a distant galaxy, by Caspar David Friedrich, matte painting trending on artstation HQ
a photograph of an astronaut riding a horse
IT'S raining, don't they'll we've I'm you'd he's
it's It'S IT'S 'S ''s '''s 'sheep 'reed 'til 'llama o'clock rock'n'roll
it’s the “curly” quote — dash … dots
3.14 1,000,000 2024 v1.5 4k 8K 16:9 512x512 No.1 1st 22nd
¼ ½ ² ³ ① Ⅷ ٣ ३ 四 𝟘 Ⅻ
ﬁ ﬂ ﬃ ffi ŉ ǆ ß ẞ STRASSE Straße
café cafe\u0301 CAFÉ CAFE\u0301 naïve nai\u0308ve Å Å A\u030a
Việt Nam Vie\u0323\u0302t ệ
İstanbul ISTANBUL ıspanak DİYARBAKIR i̇
ΣΑΣ ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ σς Ω Ω
ſ ſs 'ſ K Kelvin Å
кот КОТ ёлка ЁЛКА й и\u0306
猫 黒猫がいる 한국어 고양이 各 가 가
نص عربي قطة القِطّة السلام عليكم
हिन्दी बिल्ली क्षत्रिय ज़ ज\u093c नमस्ते
ไทย แมว ภาษาไทย தமிழ் বিড়াল ბ Ⴁ ᲀ Ꭰ ꭰ
עברית שָׁלוֹם חתול
🐱 🐱🐶 🐱 🐶 😀😃😄 ❤️ ❤ ☕️ ✨✨✨
👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🏴‍☠️ 👍🏽 🇩🇪🇫🇷 1️⃣ #️⃣ 🧑🏿‍🦰
cat🐱cat 🐱cat cat🐱 2🐱2
! !! !!! a! a!! !a a!b ?! !? wow!!! hello, world! !\u0301
<|endoftext|> <|startoftext|> a<|endoftext|>b .<|endoftext|>. <|startoftext|><|endoftext|> <|endoftext <| endoftext |>
<b>bold</b> &amp; &lt; &#39; &nbsp; https://example.com/a?b=c#d user@example.com @user #hashtag
(masterpiece:1.2), [bad hands], {a|b}, <lora:name:0.8>, ((best)) :) ;-) ^_^ ¯\\_(ツ)_/¯
snake_case camelCase kebab-case SCREAMING_SNAKE x+y=z a/b a\\b $5 €5 100% ~ ` | \\ ^
antidisestablishmentarianism supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis
Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch
aaaaaaaaaaaaaaaaaaaaaaaaa lololololol hahahaha nnnnnnnnn ..... ------ ______ ******
ᴬᴮ ａｂｃ ＡＢＣ １２３ ！？ 𝓪𝓫𝓬 𝕬𝕭 Ⓐ ⓐ ℌ ™ © ® °
𐐀𐐨 𞤀𞤢 Ꙁ ǅ ǈ ᾈ ᾳ ŉ Ⱥ ⱥ Ᲊ
‐‑‒–—― ‘’‚‛ “”„‟ «» ‹› … ‰ ′″
a\u00adb zero\u200bwidth joi\u200dner \u200e\u200f \ufeffbom bom\ufeff \u2060 \u180e
\u00a0 nbsp\u00a0nbsp \u2003em\u2003 \u3000全角\u3000 \u1680 \u2028 line\u2028sep\u2029par \u0085 nel\u0085nel
tab\ttab\t\tnew\nline\r\ncr\rvt\u000bff\u000c
\u0000 nul\u0000nul \u0001\u0002 \u001b[31mred\u001b[0m \u007f \u001c\u001d\u001e\u001f a\u001cb \u0080\u009f
\ufffd \ufffe \uffff \U0010ffff \ue000 \U000e0001
\u0301 \u0301a e\u0301\u0301 a\u0328\u0301 Z\u0351\u036b\u0343a\u0363l\u0367g\u036co
   leading and trailing   
 
"""
cases = texts.split("\n")
cases += ["", " ", "\n", "!", "!!", "\t \n", "\u0000", "a\nb\tc\rd", "multi\n\nline\n", "\x85", "x\x85y\x1cz\u2028w\u180ev\ufeffu\u200bt"]
cases += ["cat " * 74, "cat " * 75, "cat " * 76, "dream " * 500, "x" * 500, "ab" * 300, "🐱" * 40, "é" * 100, "1" * 90, "!" * 90]
# Every token of a random part of the vocabulary, as a word.
rng = random.Random(7)
decode = {s: b for s, b in zip(symbols, visible + hidden)}
for w in rng.sample(words[512:49406], 60):
    plain = bytes(decode[c] for c in w.replace("</w>", "")).decode("utf8", "ignore")
    cases.append(plain)
# Random mixtures: of letters, of scripts, of everything.
alphabets = ["abcdefghijklmnopqrstuvwxyz", "etaoinshrdlu", "aAbB'sStTdDmM ", "0123456789.,-+ ", "áéíóúñçäöüßøåæœ",
             "абвгдежзийклмн", "αβγδεζηθικλμΣ", "日本語中文漢字かなカナ", "한국어가나다라", "ابتثجحخ", "कखगघङािीु्", "🐱🐶😀👍🏽\u200d\ufe0f❤",
             " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]
for i in range(120):
    mix = alphabets[i % len(alphabets)] if i % 3 else "".join(rng.sample(alphabets, 3))
    cases.append("".join(rng.choice(mix + "  ") for _ in range(rng.randrange(1, 60))))
for i in range(40):
    cases.append("".join(chr(c) for c in (rng.choice([rng.randrange(0, 0x250), rng.randrange(0x250, 0x3000), rng.randrange(0x3000, 0xd7ff)])
                         for _ in range(rng.randrange(1, 30)))))

seen, rows = set(), []
for text in cases:
    if text in seen:
        continue
    seen.add(text)
    a = sd1(text, padding="max_length", truncation=True, max_length=77)["input_ids"]
    b = sd2(text, padding="max_length", truncation=True, max_length=77)["input_ids"]
    count = len(sd1(text, add_special_tokens=False, truncation=False)["input_ids"])
    end = 77
    while end > 1 and a[end - 1] == 49407:
        end -= 1
    row = {"text": text, "sd1": a[:end], "count": count}
    end = 77
    while end > 1 and b[end - 1] == 0:
        end -= 1
    if b[:end] != a[: len(row["sd1"])] + [49407]:
        row["sd2"] = b[:end]
    rows.append(row)
out = {
    "about": "CLIP ids of transformers.CLIPTokenizer. sd1: row of 77 with pad 49407, its closing run of 49407 left out. "
             "sd2: pad_token '!', closing run of 0 left out; absent when it is sd1 + [49407]. count: pieces before truncation.",
    "transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "cases": rows,
}
path = root / "test/golden/clip-tokens.json"
path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items() if k != "cases")
                + ',\n"cases": [\n' + ",\n".join(json.dumps(r) for r in rows) + "\n]\n}\n")
print(len(rows), "cases")
