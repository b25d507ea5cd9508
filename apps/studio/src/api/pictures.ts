// The gallery's pictures as they are asked for page by page, and how what is known of them changes with what is done to them.
import type { Count, Picture, Pictures } from "@dreamgrain/server/contract";
import { type InfiniteData, type QueryClient, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get, patch, post, query } from "./client.ts";
import { learnPictures } from "./use-live.ts";

/** What the gallery shows. At most one of `text` and `meaning` is set. */
export interface Filter {
  readonly text?: string;
  readonly meaning?: string;
  readonly starred?: boolean;
  readonly deleted?: boolean;
  readonly similar?: string;
}

/** Pictures of the first page: few enough to be there at once. */
const FIRST = 200;

/** Pictures of a later page, the most that the server gives: whoever is on the way to the end of a long wall asks seldom. */
const LATER = 500;

type Pages = InfiniteData<Pictures, string | null>;

const keyOf = (filter: Filter): readonly unknown[] => ["pictures", filter];

/** The pictures of a filter, newest (or nearest) first, page by page. */
export function usePictures(filter: Filter) {
  return useInfiniteQuery({
    queryKey: keyOf(filter),
    queryFn: ({ pageParam, signal }) =>
      filter.similar === undefined
        ? get<Pictures>(
            `/v1/pictures${query({ ...filter, cursor: pageParam, limit: pageParam === null ? FIRST : LATER })}`,
            { signal },
          )
        : get<Pictures>(`/v1/pictures/${filter.similar}/similar${query({ limit: 48 })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: 60_000,
    // What is not looked at yet will be found soon.
    refetchInterval: ({ state }) => (state.data?.pages[0]?.unseen ? 2000 : false),
  });
}

/** How many pictures a filter has; unknown for those that are found by nearness. */
export function useCount(filter: Filter): number | undefined {
  const { data } = useQuery({
    queryKey: ["count", filter],
    queryFn: ({ signal }) => get<Count>(`/v1/pictures/count${query({ ...filter })}`, { signal }),
    enabled: filter.meaning === undefined && filter.similar === undefined,
    staleTime: 60_000,
  });
  return data?.count;
}

/** A new picture: at the head of the unfiltered wall; other walls are asked for anew when they are looked at. */
export function addPicture(queries: QueryClient, picture: Picture): void {
  const filter: Filter = {};
  queries.setQueryData<Pages>(keyOf(filter), (pages) => pages && withFirst(pages, picture));
  queries.setQueryData<Count>(["count", filter], (count) => count && { count: count.count + 1 });
  const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => isFiltered(queryKey) };
  void queries.invalidateQueries({ ...others, refetchType: "none" });
}

const isFiltered = ([kind, filter]: readonly unknown[]): boolean =>
  (kind === "pictures" || kind === "count") && Object.keys(filter as Filter).length > 0;

/** The pages with a picture before all others, unless it is there already. */
export function withFirst(pages: Pages, picture: Picture): Pages {
  const [first, ...rest] = pages.pages;
  if (!first || pages.pages.some(({ items }) => items.some(({ id }) => id === picture.id))) return pages;
  return { ...pages, pages: [{ ...first, items: [picture, ...first.items] }, ...rest] };
}

/** The pages with each picture as `change` makes it; undefined takes it out. */
export function changed(pages: Pages, change: (picture: Picture) => Picture | undefined): Pages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, items: page.items.flatMap((picture) => change(picture) ?? []) })),
  };
}

function everywhere(queries: QueryClient, change: (picture: Picture) => Picture | undefined): void {
  queries.setQueriesData<Pages>({ queryKey: ["pictures"] }, (pages) => pages && changed(pages, change));
  queries.setQueriesData<Picture>({ queryKey: ["picture"] }, (picture) => picture && (change(picture) ?? picture));
  learnPictures(change);
}

/** Star, or take the star away: shown at once, and taken back if the server refuses. @throws ApiError */
export async function star(queries: QueryClient, picture: Picture, starred: boolean): Promise<void> {
  const set = (value: boolean): void =>
    everywhere(queries, (one) => (one.id === picture.id ? { ...one, starred: value } : one));
  set(starred);
  try {
    await patch<Picture>(`/v1/pictures/${picture.id}`, { starred });
    void queries.invalidateQueries({ queryKey: ["pictures", { starred: true }], refetchType: "none" });
    void queries.invalidateQueries({ queryKey: ["count"] });
  } catch (error) {
    set(!starred);
    throw error;
  }
}

/** Delete pictures: gone at once from every wall but the bin's; `restorePictures` brings them back. @throws ApiError */
export async function deletePictures(queries: QueryClient, ids: readonly string[]): Promise<void> {
  everywhere(queries, (picture) => (ids.includes(picture.id) && picture.deleted === null ? undefined : picture));
  await move(queries, "delete", ids);
}

/** Bring deleted pictures back. @throws ApiError */
export async function restorePictures(queries: QueryClient, ids: readonly string[]): Promise<void> {
  everywhere(queries, (picture) => (ids.includes(picture.id) && picture.deleted !== null ? undefined : picture));
  await move(queries, "restore", ids);
}

async function move(queries: QueryClient, way: "delete" | "restore", ids: readonly string[]): Promise<void> {
  try {
    await post(`/v1/pictures/${way}`, { ids });
    // What was deleted is gone from the pages at hand; what is restored has its place among them, which only the server knows.
    void queries.invalidateQueries({ queryKey: ["pictures"], refetchType: way === "delete" ? "none" : "active" });
  } catch (error) {
    void queries.invalidateQueries({ queryKey: ["pictures"] });
    throw error;
  } finally {
    void queries.invalidateQueries({ queryKey: ["count"] });
  }
}
