import type { Budget, Tier } from "#shared/api/types.ts";
import styles from "./budget-row.module.css";
import { budgetWords, burnWords, tierWords } from "./words.ts";

/** What is left of a budget, as a bar and in words, and how fast it goes. */
export function BudgetRow({ budget }: { readonly budget: Budget }) {
  const burning = budget.burn.some(({ rate, limit }) => rate !== null && limit !== null && rate > limit);
  const { tier } = budget;
  const goesOut = tier && tierWords(tier);
  return (
    <li className={styles.row}>
      <span className={styles.name}>{budget.journey_title ?? "The whole shop"}</span>
      <span className={tier?.verdict === "block" ? `${styles.left} ${styles.bad}` : styles.left}>
        {budgetWords(budget)}
      </span>
      {budget.left !== null && <Bar left={budget.left} tier={tier} />}
      {goesOut && <span className={styles.tier}>{goesOut}</span>}
      <span className={burning ? `${styles.burn} ${styles.bad}` : styles.burn}>
        {budget.burn.map(burnWords).join(", ")}
        {burning && ", too fast"}
      </span>
    </li>
  );
}

/** For the eye alone: the words beside it say the same, its colour too. */
function Bar({ left, tier }: { readonly left: number; readonly tier: Tier | null }) {
  const shown = Math.min(1, Math.max(0, left));
  return (
    <span className={styles.bar} aria-hidden="true">
      <span
        className={`${styles.rest} ${styles[tier?.verdict ?? "allow"]}`}
        style={{ inlineSize: `${shown * 100}%` }}
      />
    </span>
  );
}
