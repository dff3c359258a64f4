import type { EventDetail } from "#shared/api/types.ts";
import { Heading } from "#shared/ui/heading.tsx";
import { Poster } from "#shared/ui/poster.tsx";
import { eventDate } from "#shared/words/dates.ts";
import styles from "./event-line.module.css";

/** What one waits for, in short. */
export function EventLine({ event, tab }: { readonly event: EventDetail; readonly tab: string }) {
  return (
    <header className={styles.line}>
      <Poster url={event.poster_url} priority="high" className={styles.poster} />
      <div>
        <p className={styles.label}>Waiting room</p>
        <Heading title={event.name} tab={tab} className={styles.name} />
        <p className={styles.when}>
          <time dateTime={event.starts_at}>{eventDate(event.starts_at, event.timezone)}</time>, {event.venue},{" "}
          {event.city}
        </p>
      </div>
    </header>
  );
}
