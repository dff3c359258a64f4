import type { Budget } from "#shared/api/types.ts";
import styles from "./budget-row.module.css";
import { budgetWords, burnWords } from "./words.ts";

/** What is left of a budget, as a bar and in words, and how fast it goes. */
export function BudgetRow({ budget }: { readonly budget: Budget }) {
  const burning = budget.burn.some(({ rate, limit }) => rate !== null && limit !== null && rate > limit);
  const gone = budget.left !== null && budget.left <= 0;
  return (
    <li className={styles.row}>
      <span className={styles.name}>{budget.journey_title ?? "The whole shop"}</span>
      <span className={gone ? `${styles.left} ${styles.bad}` : styles.left}>{budgetWords(budget)}</span>
      {budget.left !== null && <Bar left={budget.left} />}
      <span className={burning ? `${styles.burn} ${styles.bad}` : styles.burn}>
        {budget.burn.map(burnWords).join(", ")}
        {burning && ", too fast"}
      </span>
    </li>
  );
}

/** For the eye alone: the words beside it say the same. */
function Bar({ left }: { readonly left: number }) {
  const shown = Math.min(1, Math.max(0, left));
  return (
    <span className={styles.bar} aria-hidden="true">
      <span className={styles.rest} style={{ inlineSize: `${shown * 100}%` }} />
    </span>
  );
}
