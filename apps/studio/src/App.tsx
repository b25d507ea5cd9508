// The routes, inside the shell that stays.
import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { Shell } from "./shell/Shell.tsx";

const Create = lazy(() => import("./create/Create.tsx"));
const Gallery = lazy(() => import("./gallery/Gallery.tsx"));
const Grid = lazy(() => import("./grid/Grid.tsx"));
const Learn = lazy(() => import("./learn/Learn.tsx"));
const Account = lazy(() => import("./account/Account.tsx"));

/** The whole page. */
export function App() {
  return (
    <Shell>
      <Suspense fallback={<div className="page" aria-busy="true" />}>
        <Switch>
          <Route path="/" component={Create} />
          <Route path="/gallery/:id?" component={Gallery} />
          <Route path="/grid/:group?" component={Grid} />
          <Route path="/learn/:slug?" component={Learn} />
          <Route path="/account" component={Account} />
          <Route>
            <section className="page">
              <h1>There is no such page</h1>
              <p>
                <a href="/">Draw something instead</a>
              </p>
            </section>
          </Route>
        </Switch>
      </Suspense>
    </Shell>
  );
}
