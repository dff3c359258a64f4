import type { EventDetail } from "#shared/api/types.ts";
import { offerOf } from "#shared/sale.ts";
import { serverNow } from "#shared/time/clock.ts";
import { Heading } from "#shared/ui/heading.tsx";
import { Poster } from "#shared/ui/poster.tsx";
import { SaleNote } from "#shared/ui/sale-note.tsx";
import { cancellationTerms } from "#shared/words/cancellation.ts";
import { eventDate } from "#shared/words/dates.ts";
import styles from "./event-head.module.css";

/** What, when, where; compact where the hall's plan needs the room. */
export function EventHead({
  event,
  compact = false,
  yourTurn = false,
}: {
  readonly event: EventDetail;
  readonly compact?: boolean;
  /** Whether the visitor has waited and may buy now: the tab says so, for it may be behind others. */
  readonly yourTurn?: boolean;
}) {
  return (
    <section className={compact ? styles.compact : styles.head}>
      <Poster url={event.poster_url} priority="high" className={styles.poster} />
      <div className={styles.words}>
        <p className={styles.date}>
          <time dateTime={event.starts_at}>{eventDate(event.starts_at, event.timezone)}</time>
        </p>
        <Heading title={event.name} tab={yourTurn ? `Your turn: ${event.name}` : event.name} />
        <p className={styles.place}>
          {event.venue}, {event.city}
        </p>
        <p className={styles.sale}>
          <SaleNote offer={offerOf(event)} />
        </p>
        {paragraphs(event.description).map((paragraph) => (
          <p key={paragraph} className={styles.description}>
            {paragraph}
          </p>
        ))}
        <p className={styles.terms}>{cancellationTerms(event, serverNow())}</p>
      </div>
    </section>
  );
}

/** Blank lines part paragraphs; other line ends are only how the text was typed. */
function paragraphs(text: string): readonly string[] {
  return text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
}
