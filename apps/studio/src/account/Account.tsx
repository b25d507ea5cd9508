// Account: the balance, what moved it, API keys, the password; for admins, the members. Only where the server has accounts.
import type { Account as Whose } from "@dreamgrain/server/contract";
import { useQueryClient } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import type { FormEvent } from "react";
import { post, remove } from "../api/client.ts";
import { useAccount, useServer } from "../api/queries.ts";
import { useLive } from "../api/use-live.ts";
import { complain, note } from "../shell/notes.ts";
import { set } from "../shell/settings.ts";
import { credits, moment } from "../shell/words.ts";
import { Keys } from "./Keys.tsx";
import { Ledger } from "./Ledger.tsx";
import { Members } from "./Members.tsx";
import "./account.css";

/** /account. */
export default function Account() {
  const { data: server } = useServer();
  const account = useAccount();
  const queries = useQueryClient();
  if (server && !server.accounts)
    return (
      <section className="page">
        <h1>Account</h1>
        <p className="lede">This server has no accounts: it is yours alone, and pictures cost nothing.</p>
      </section>
    );
  if (!account) return <section className="page" aria-busy="true" />;
  const signOut = async (): Promise<void> => {
    try {
      await remove("/v1/session");
      set({ signedIn: false });
      queries.clear();
      location.assign("/");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <section className="page account">
      <header>
        <div>
          <h1>{account.name}</h1>
          <p className="quiet">
            {account.role === "admin" ? "Administrator" : "Member"} since {moment(account.created)}
          </p>
        </div>
        <button type="button" onClick={() => void signOut()}>
          <LogOut aria-hidden="true" /> Sign out
        </button>
      </header>
      <Balance account={account} />
      <Ledger />
      <Keys />
      <Password />
      {account.role === "admin" && <Members />}
    </section>
  );
}

function Balance({ account }: { readonly account: Whose }) {
  const balance = useLive((live) => live.balance) ?? account.balance;
  if (!balance) return null;
  return (
    <section className="balance" aria-label="Balance">
      <p>
        <strong className="number">{credits(balance.available)}</strong>
        <span className="quiet">to draw with</span>
      </p>
      {balance.held > 0 && (
        <p>
          <strong className="number">{credits(balance.held)}</strong>
          <span className="quiet">held for what is in the queue</span>
        </p>
      )}
      <p className="hint">
        What a drawing costs is said before you ask for it. More steps and more pixels cost more; what fails costs
        nothing.
      </p>
    </section>
  );
}

function Password() {
  const change = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    try {
      await post("/v1/account/password", { old: fields.get("old"), new: fields.get("new") });
      form.reset();
      note("The password is changed; other sessions are ended.");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <section>
      <h2>Password</h2>
      <form className="inline" onSubmit={(event) => void change(event)}>
        <label>
          The old one
          <input name="old" type="password" autoComplete="current-password" required />
        </label>
        <label>
          A new one
          <input name="new" type="password" autoComplete="new-password" required minLength={10} maxLength={200} />
        </label>
        <button type="submit">Change</button>
      </form>
    </section>
  );
}
