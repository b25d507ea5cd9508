// The score beside a picture: how near what it shows is to its words.
import { type ClipModel, type Embedder, type Pixels, type Settings, similarity } from "dreamgrain/node";

/** The cosine between a prompt and its picture; undefined where no word of it is known. */
export async function scoreOf(
  eye: Embedder,
  { prompt = "" }: Pick<Settings, "prompt">,
  picture: Pixels,
): Promise<number | undefined> {
  if (eye.model.tokenizer.encode(prompt).pieces.length === 0) return undefined;
  return similarity(await eye.embedText(prompt), await eye.embedPicture(picture));
}

/** What is to be said about the scores of a prompt's pictures, one sentence each. */
export function scoreNotices(
  { tokenizer }: ClipModel,
  { prompt }: Pick<Settings, "prompt">,
  said: readonly string[],
): string[] {
  if (prompt === undefined) return ["There is no score without words."];
  const { pieces, notices } = tokenizer.encode(prompt);
  const news = notices.filter((notice) => !said.includes(notice)).map((notice) => `Score: ${notice}`);
  return pieces.length === 0 ? [...news, "There is no score without words that its model knows."] : news;
}
