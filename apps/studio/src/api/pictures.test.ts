// The pages of the gallery after something was done to pictures.
import { describe, expect, it } from "vitest";
import { query } from "./client.ts";
import { pictureOf } from "./fixtures.ts";
import { changed, withFirst } from "./pictures.ts";

const pages = {
  pages: [
    { items: [pictureOf("b")], next: "c" },
    { items: [pictureOf("a")], next: null },
  ],
  pageParams: [null, "c"],
};

describe("pages", () => {
  it("take a new picture at their head, once", () => {
    const more = withFirst(pages, pictureOf("n"));
    expect(more.pages[0]?.items.map(({ id }) => id)).toEqual(["n", "b"]);
    expect(withFirst(more, pictureOf("a"))).toBe(more);
  });
  it("change pictures, and let them go", () => {
    const starred = changed(pages, (picture) => (picture.id === "a" ? { ...picture, starred: true } : picture));
    expect(starred.pages[1]?.items[0]?.starred).toBe(true);
    expect(changed(pages, ({ id }) => (id === "b" ? undefined : pictureOf(id))).pages[0]?.items).toEqual([]);
  });
  it("are asked for with what is defined alone", () => {
    expect(query({ text: "a b&c", starred: undefined, cursor: null, limit: 5, deleted: false })).toBe(
      "?text=a+b%26c&limit=5&deleted=false",
    );
    expect(query({})).toBe("");
  });
});
