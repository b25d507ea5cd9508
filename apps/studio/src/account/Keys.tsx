// API keys: made, shown once, taken away.
import type { Keys as List, MadeKey } from "@dreamgrain/server/contract";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { get, post, remove } from "../api/client.ts";
import { complain } from "../shell/notes.ts";
import { moment } from "../shell/words.ts";

/** One's keys for programs. */
export function Keys() {
  const queries = useQueryClient();
  const [made, setMade] = useState<MadeKey>();
  const { data } = useQuery({ queryKey: ["account", "keys"], queryFn: () => get<List>("/v1/keys") });
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: ["account", "keys"] });
  const make = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      setMade(await post<MadeKey>("/v1/keys", { label: new FormData(form).get("label") }));
      form.reset();
      await renew();
    } catch (error) {
      complain(error);
    }
  };
  const drop = (id: string): Promise<void> => remove(`/v1/keys/${id}`).then(renew, complain);
  return (
    <section>
      <h2>API keys</h2>
      <p className="hint">For programs: the OpenAI client, A1111 clients, scripts.</p>
      {made && (
        <div className="made-key" role="status">
          <p>The key “{made.label}”, shown this once: keep it somewhere safe.</p>
          <code>{made.secret}</code>
        </div>
      )}
      {data && data.items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">Begins with</th>
              <th scope="col">Last used</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {data.items.map(({ id, label, start, used }) => (
              <tr key={id}>
                <td>{label}</td>
                <td>
                  <code>{start}…</code>
                </td>
                <td className="number">{used === null ? "never" : moment(used)}</td>
                <td className="amount">
                  <button
                    type="button"
                    className="plain small"
                    aria-label={`Take away the key ${label}`}
                    onClick={() => void drop(id)}
                  >
                    Take away
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form className="inline" onSubmit={(event) => void make(event)}>
        <label>
          A new key for
          <input name="label" required maxLength={60} placeholder="my script" />
        </label>
        <button type="submit">Make a key</button>
      </form>
    </section>
  );
}
