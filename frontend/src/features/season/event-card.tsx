import { Link } from "wouter";
import type { EventSummary } from "#shared/api/types.ts";
import { offerOf } from "#shared/sale.ts";
import { Poster } from "#shared/ui/poster.tsx";
import { SaleNote } from "#shared/ui/sale-note.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { eventDateShort } from "#shared/words/dates.ts";
import { money } from "#shared/words/money.ts";
import styles from "./event-card.module.css";

export function EventCard({ event, first }: { readonly event: EventSummary; readonly first: boolean }) {
  return (
    <li className={styles.card}>
      <Poster url={event.poster_url} priority={first ? "high" : "lazy"} className={styles.poster} />
      <h2 className={styles.name}>
        <Link href={`/events/${event.id}`} className={styles.link}>
          {event.name}
        </Link>
      </h2>
      <p className={styles.date}>
        <time dateTime={event.starts_at}>{eventDateShort(event.starts_at, event.timezone)}</time>
      </p>
      <p className={styles.place}>
        {event.venue}, {event.city}
      </p>
      <p className={styles.offer}>
        <span>{priceWords(event)}</span>
        <SaleNote offer={offerOf(event)} />
      </p>
    </li>
  );
}

export function EventCardSkeleton() {
  return (
    <li className={styles.card}>
      <div className={styles.blank}>
        <Skeleton height="100%" />
      </div>
      <Skeleton height="24px" width="80%" />
      <Skeleton height="18px" width="60%" />
    </li>
  );
}

function priceWords({ price, currency }: EventSummary): string {
  if (price === null) {
    return "";
  }
  return price === 0 ? "Free" : `From ${money(price, currency)}`;
}
