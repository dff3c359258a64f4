import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "#shared/api/status.ts";
import type { Budget, Status } from "#shared/api/types.ts";
import { Button } from "#shared/ui/button.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { clockTime } from "#shared/words/dates.ts";
import { Alerts } from "./alerts.tsx";
import { InvariantsLine } from "./invariants-line.tsx";
import { ObjectiveCard } from "./objective-card.tsx";
import styles from "./status-page.module.css";
import { WithCode } from "./with-code.tsx";
import { inShort } from "./words.ts";

/** How the shop keeps its promise: budgets, how fast they go, what fires, and whether its books agree. */
export function StatusPage() {
  const { data: status, error, refetch } = useQuery(statusQuery);
  return (
    <>
      <Heading title="Status" />
      <p role="status" className={styles.short}>
        {status ? inShort(status) : "\u00a0"}
      </p>
      {error && (
        <ErrorNotice
          error={error}
          actions={
            <Button look="primary" onClick={() => void refetch()}>
              Try again
            </Button>
          }
        />
      )}
      {status ? <Known status={status} stale={error !== null} /> : !error && <Waiting />}
    </>
  );
}

function Known({ status, stale }: { readonly status: Status; readonly stale: boolean }) {
  return (
    <div className={styles.sections}>
      {status.advice !== null && (
        <Notice tone="soon" title={MISSING[status.prometheus]}>
          <WithCode text={status.advice} />
        </Notice>
      )}
      {status.prometheus !== "missing" && status.prometheus !== "unreachable" && (
        <Alerts alerts={status.alerts} />
      )}
      <InvariantsLine invariants={status.invariants} />
      <section aria-labelledby="objectives">
        <h2 id="objectives">What is promised, and what is left of it</h2>
        <p className={styles.hint}>
          Each promise leaves a budget of failures for {days(status.window)}. At a burn rate of 1 it lasts
          exactly that long.
        </p>
        <div className={styles.cards}>
          {byObjective(status.budgets).map((budgets) => (
            <ObjectiveCard key={budgets[0].slo} budgets={budgets} history={status.history} />
          ))}
        </div>
      </section>
      <p className={styles.hint}>
        {stale ? "Not up to date: as it was at" : "As it was at"} {clockTime(status.now)}.
      </p>
    </div>
  );
}

function Waiting() {
  return (
    <div className={styles.cards} aria-busy="true">
      <span className="visually-hidden">Loading the status</span>
      {[1, 2, 3].map((card) => (
        <Skeleton key={card} height="240px" />
      ))}
    </div>
  );
}

const MISSING: Readonly<Record<Status["prometheus"], string>> = {
  connected: "",
  missing: "Prometheus is missing",
  unreachable: "Prometheus does not answer",
  silent: "Prometheus has no records yet",
  several: "Several services in one Prometheus",
};

type OneOrMore = readonly [Budget, ...Budget[]];

/** The budgets of each objective, one for each journey, in the order they come in. */
function byObjective(budgets: readonly Budget[]): readonly OneOrMore[] {
  const groups = new Map<string, OneOrMore>();
  for (const budget of budgets) {
    const group = groups.get(budget.slo);
    groups.set(budget.slo, group ? [...group, budget] : [budget]);
  }
  return [...groups.values()];
}

/** "28 days" from "28d"; other lengths as they are. */
function days(window: string): string {
  return window.replace(/^(\d+)d$/, "$1 days");
}
