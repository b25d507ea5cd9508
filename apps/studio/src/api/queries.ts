// What is asked of the server once, or whenever it changes: what it can do, its models, who one is, what a request costs.
import type { Account, DrawRequest, Model, Models, Quote, Samplers, Server, Tokens } from "@dreamgrain/server/contract";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { set, useSettings } from "../shell/settings.ts";
import { ApiError, get, post } from "./client.ts";

/** What the server can do. */
export const useServer = () =>
  useQuery({ queryKey: ["server"], queryFn: () => get<Server>("/v1/server"), staleTime: 60_000, retry: 3 });

/** The models; the default one first. */
export function useModels(): readonly Model[] {
  const server = useServer();
  const { data } = useQuery({
    queryKey: ["models"],
    queryFn: () => get<Models>("/v1/models"),
    enabled: server.isSuccess,
    staleTime: 60_000,
  });
  const first = server.data?.defaultModel;
  return data ? [...data.data].sort((a, b) => Number(b.id === first) - Number(a.id === first)) : [];
}

/** Samplers and schedules. */
export const useSamplers = (): Samplers =>
  useQuery({
    queryKey: ["samplers"],
    queryFn: () => get<Samplers>("/v1/samplers"),
    staleTime: Number.POSITIVE_INFINITY,
  }).data ?? { samplers: [], schedules: [] };

/** Who one is: undefined until it is known, null for somebody who has to sign in first. */
export function useAccount(): Account | null | undefined {
  const { data: server } = useServer();
  const signedIn = useSettings((settings) => settings.signedIn);
  const { data } = useQuery({
    queryKey: ["account", "self"],
    queryFn: () =>
      get<Account>("/v1/account").catch((error: unknown) => {
        if (!(error instanceof ApiError && error.status === 401)) throw error;
        set({ signedIn: false });
        return null;
      }),
    enabled: server !== undefined && (!server.accounts || signedIn),
    staleTime: 60_000,
  });
  return server?.accounts && !signedIn ? null : data;
}

/** What a request costs and takes, asked when it has been still for a moment; the last answer stands until the next. */
export function useQuote(request: DrawRequest, enabled = true) {
  const still = useStill(request, 250);
  return useQuery({
    queryKey: ["quote", still],
    queryFn: ({ signal }) => post<Quote>("/v1/quotes", { request: still }, { signal }),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 5000,
    retry: false,
  });
}

/** How a text is read, by the model and by CLIP. */
export function useTokens(text: string, model: string | undefined) {
  const still = useStill(text, 150);
  return useQuery({
    queryKey: ["tokens", model, still],
    queryFn: ({ signal }) => post<Tokens>("/v1/tokens", { text: still, ...(model && { model }) }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** A value once it has not changed for `delay` milliseconds; compared as JSON. */
export function useStill<T>(value: T, delay: number): T {
  const [still, setStill] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setStill(JSON.parse(key) as T), delay);
    return () => clearTimeout(timer);
  }, [key, delay]);
  return still;
}
