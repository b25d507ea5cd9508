// What moved the balance, newest first.
import type { LedgerEntry, Ledger as Page } from "@dreamgrain/server/contract";
import { useInfiniteQuery } from "@tanstack/react-query";
import { get, query } from "../api/client.ts";
import { moment, amount as signed } from "../shell/words.ts";

const kinds: Readonly<Record<LedgerEntry["kind"], string>> = {
  grant: "Given",
  hold: "For a drawing",
  capture: "Paid",
  release: "Given back",
  refund: "Given back",
};

/** The entries of one's own ledger that changed what one has, page by page. */
export function Ledger() {
  const { data, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["account", "ledger"],
    queryFn: ({ pageParam }) => get<Page>(`/v1/account/ledger${query({ cursor: pageParam, limit: 20 })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const entries = data?.pages.flatMap(({ items }) => items).filter(({ amount }) => amount !== 0) ?? [];
  return (
    <section>
      <h2>Ledger</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" className="amount">
              Credits
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ id, created, kind, amount, reason }) => (
            <tr key={id}>
              <td className="number">{moment(created)}</td>
              <td>
                {kinds[kind]}
                {reason && <span className="quiet"> · {reason}</span>}
              </td>
              <td className="amount number" data-sign={Math.sign(amount)}>
                {signed(amount)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasNextPage && (
        <button type="button" className="plain small" onClick={() => void fetchNextPage()}>
          Earlier
        </button>
      )}
    </section>
  );
}
