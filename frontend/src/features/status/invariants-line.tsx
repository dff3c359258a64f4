import type { Invariants } from "#shared/api/types.ts";
import { Notice } from "#shared/ui/notice.tsx";
import { clockTime } from "#shared/words/dates.ts";

/** Whether stock, orders and money agree, as the worker found it last. */
export function InvariantsLine({ invariants }: { readonly invariants: Invariants }) {
  return (
    <section aria-labelledby="invariants">
      <h2 id="invariants">Stock, orders and money</h2>
      <Finding invariants={invariants} />
    </section>
  );
}

function Finding({ invariants: { broken, checked_at, known } }: { readonly invariants: Invariants }) {
  if (broken.length > 0) {
    return (
      <Notice tone="alarm" title="They do not agree">
        {broken.join("; ")}
      </Notice>
    );
  }
  if (!known) {
    return <p>Not known: the database cannot be asked at the moment.</p>;
  }
  if (checked_at === null) {
    return <p>Not checked yet. The worker does it every ten seconds while it runs.</p>;
  }
  return <p>They agree. Checked at {clockTime(checked_at)}.</p>;
}
