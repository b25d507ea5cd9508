// Signing in, or up where the server allows it; what a stranger sees in place of the pages that need an account.
import type { Account } from "@dreamgrain/server/contract";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, post } from "../api/client.ts";
import { set } from "../shell/settings.ts";
import "./account.css";

/** The form; whoever comes in goes on where they were. */
export default function SignIn({ signUp }: { readonly signUp: boolean }) {
  const queries = useQueryClient();
  const [isNew, setNew] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setWrong(undefined);
    try {
      const account = await post<Account>(isNew ? "/v1/accounts" : "/v1/session", {
        name: form.get("name"),
        password: form.get("password"),
      });
      queries.setQueryData(["account", "self"], account);
      set({ signedIn: true });
    } catch (error) {
      setWrong(error instanceof ApiError ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="page sign-in">
      <h1>{isNew ? "Make an account" : "Sign in"}</h1>
      <p className="quiet">
        {isNew
          ? "A new account comes with 200 credits, enough for hundreds of pictures."
          : "Your pictures and your queue are behind it."}
      </p>
      <form onSubmit={(event) => void send(event)}>
        <label>
          Name
          <input
            name="name"
            autoComplete="username"
            required
            minLength={2}
            maxLength={64}
            autoCapitalize="none"
            spellCheck={false}
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autoComplete={isNew ? "new-password" : "current-password"}
            required
            minLength={isNew ? 10 : 1}
            maxLength={200}
          />
        </label>
        {isNew && <p className="hint">At least ten characters.</p>}
        {wrong && (
          <p className="bad" role="alert">
            {wrong}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy}>
          {isNew ? "Make the account" : "Sign in"}
        </button>
      </form>
      {signUp && (
        <button
          type="button"
          className="plain small"
          onClick={() => {
            setNew(!isNew);
            setWrong(undefined);
          }}
        >
          {isNew ? "I have an account" : "Make an account"}
        </button>
      )}
    </section>
  );
}
