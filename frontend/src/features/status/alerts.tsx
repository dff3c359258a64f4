import type { FiringAlert } from "#shared/api/types.ts";
import { moment } from "#shared/words/dates.ts";
import styles from "./alerts.module.css";

const SEVERITY: Readonly<Record<FiringAlert["severity"], string>> = {
  page: "Somebody is being woken",
  ticket: "To be looked at in working hours",
};

export function Alerts({ alerts }: { readonly alerts: readonly FiringAlert[] }) {
  return (
    <section aria-labelledby="alerts" className={styles.alerts}>
      <h2 id="alerts">Alerts</h2>
      {alerts.length === 0 ? (
        <p>None is firing.</p>
      ) : (
        <ul className={styles.list}>
          {alerts.map((alert) => (
            <Alert key={[alert.name, alert.slo, alert.journey, alert.summary].join()} alert={alert} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Alert({ alert }: { readonly alert: FiringAlert }) {
  return (
    <li className={`${styles.alert} ${styles[alert.severity]}`}>
      <strong>{alert.summary || alert.name}</strong>
      <span className={styles.detail}>
        {alert.name}, since {moment(alert.since)}. {SEVERITY[alert.severity]}.
      </span>
      {alert.runbook_url !== null && (
        <a href={alert.runbook_url} className={styles.runbook}>
          What to do<span className="visually-hidden"> about {alert.name}</span>
        </a>
      )}
    </li>
  );
}
