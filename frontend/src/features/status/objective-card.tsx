import type { Budget, History } from "#shared/api/types.ts";
import { BudgetRow } from "./budget-row.tsx";
import { BurnPlot } from "./burn-plot.tsx";
import styles from "./objective-card.module.css";
import { share } from "./words.ts";

interface ObjectiveCardProps {
  /** Of one objective, one for each journey. */
  readonly budgets: readonly [Budget, ...Budget[]];
  readonly history: History | null;
}

export function ObjectiveCard({ budgets, history }: ObjectiveCardProps) {
  const [{ slo, title, target }] = budgets;
  return (
    <article className={styles.card} aria-labelledby={`slo-${slo}`}>
      <div className={styles.head}>
        <h3 id={`slo-${slo}`}>{title}</h3>
        <p className={styles.target}>{share(target)} promised</p>
      </div>
      <ul className={styles.rows}>
        {budgets.map((budget) => (
          <BudgetRow key={budget.journey ?? ""} budget={budget} />
        ))}
      </ul>
      {history && <BurnPlot budgets={budgets} history={history} />}
    </article>
  );
}
