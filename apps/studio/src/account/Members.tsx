// Members, for admins: who has an account, and credits to give them.
import type { Account, Accounts } from "@dreamgrain/server/contract";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, Fragment, useEffect, useRef, useState } from "react";
import { get, newKey, post, query } from "../api/client.ts";
import { useStill } from "../api/queries.ts";
import { complain, note } from "../shell/notes.ts";
import { credits } from "../shell/words.ts";

/** All accounts, page by page, or those whose name holds what is typed. */
export function Members() {
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string>();
  const name = useStill(typed.trim(), 200);
  const { data, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["account", "members", name],
    queryFn: ({ pageParam }) => get<Accounts>(`/v1/admin/accounts${query({ name, cursor: pageParam })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const members = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section className="members">
      <h2>Members</h2>
      <p className="hint">Everybody who has an account here. You can give them credits.</p>
      <label className="find">
        Find by name
        <input type="search" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="amount">
              Credits
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <Fragment key={member.id}>
              <tr>
                <td>
                  {member.name}
                  {member.role === "admin" && <span className="quiet"> · administrator</span>}
                </td>
                <td className="amount number">{credits(member.balance?.available ?? 0).replace(/ credits?$/, "")}</td>
                <td className="amount">
                  <button
                    type="button"
                    className="plain small"
                    aria-label={`Give credits to ${member.name}`}
                    aria-expanded={chosen === member.id}
                    onClick={() => setChosen(chosen === member.id ? undefined : member.id)}
                  >
                    Give credits
                  </button>
                </td>
              </tr>
              {chosen === member.id && (
                <tr>
                  <td colSpan={3}>
                    <Gift to={member} onDone={() => setChosen(undefined)} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
      {data && members.length === 0 && <p className="quiet">Nobody is called that.</p>}
      {hasNextPage && (
        <button type="button" className="plain small" onClick={() => void fetchNextPage()}>
          More
        </button>
      )}
    </section>
  );
}

/** What is given to one of them. */
function Gift({ to, onDone }: { readonly to: Account; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  // One for each gift, so that one which is sent again, because nobody knows whether it arrived, is not given twice.
  const [key, setKey] = useState(newKey);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const give = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const gift = { amount: Math.round(1000 * Number(form.get("credits"))), reason: form.get("reason") };
    setBusy(true);
    try {
      const account = await post<Account>(`/v1/admin/accounts/${to.id}/grants`, gift, {
        headers: { "Idempotency-Key": key },
      });
      note(`${to.name} has ${credits(account.balance?.available ?? 0)} now.`);
      await Promise.all(
        ["members", "ledger", "self"].map((what) => queries.invalidateQueries({ queryKey: ["account", what] })),
      );
      onDone();
    } catch (error) {
      complain(error);
      setBusy(false);
    }
  };
  return (
    <form className="inline" onSubmit={(event) => void give(event)} onChange={() => setKey(newKey())}>
      <label>
        Credits for {to.name}
        <input
          ref={first}
          name="credits"
          type="number"
          required
          min="0.001"
          max="1000000"
          step="0.001"
          inputMode="decimal"
        />
      </label>
      <label>
        What for
        <input name="reason" required maxLength={200} placeholder="it is said in their ledger" />
      </label>
      <button type="submit" className="primary" disabled={busy}>
        Give
      </button>
      <button type="button" onClick={onDone}>
        Not now
      </button>
    </form>
  );
}
