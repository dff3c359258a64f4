import type { Ticket } from "#shared/api/types.ts";
import { eventDate } from "#shared/words/dates.ts";
import { money } from "#shared/words/money.ts";
import styles from "./ticket-card.module.css";

interface TicketCardProps {
  readonly ticket: Ticket;
  readonly currency: string;
  /** "1 of 2". */
  readonly place: string;
}

/** One ticket as it is shown at the door; the code stays black on white in both schemes, for scanners. */
export function TicketCard({ ticket, currency, place }: TicketCardProps) {
  return (
    <li className={styles.card}>
      <div className={styles.code}>
        <img src={ticket.svg_url} alt={`Entry code of ticket ${place}`} width={176} height={176} />
      </div>
      <div className={styles.words}>
        <p className={styles.place}>Ticket {place}</p>
        <Printed ticket={ticket} currency={currency} />
        {ticket.state === "checked_in" && <p className={styles.used}>Used at the door</p>}
      </div>
    </li>
  );
}

/** A ticket that lets nobody in any more, so without its code. */
export function VoidTicketCard({ ticket, currency }: Omit<TicketCardProps, "place">) {
  return (
    <li className={`${styles.card} ${styles.void}`}>
      <div className={styles.words}>
        <p className={styles.used}>No longer valid</p>
        <Printed ticket={ticket} currency={currency} />
      </div>
    </li>
  );
}

function Printed({ ticket, currency }: Omit<TicketCardProps, "place">) {
  return (
    <>
      <h2>{ticket.event_name}</h2>
      <p>
        <time dateTime={ticket.starts_at}>{eventDate(ticket.starts_at, ticket.timezone)}</time>
      </p>
      <p>
        {ticket.venue}, {ticket.city}
      </p>
      <p className={styles.seat}>
        {ticket.ticket_type}
        {ticket.seat !== null && `, ${ticket.seat}`}
        <span className={styles.price}>{money(ticket.price, currency)}</span>
      </p>
    </>
  );
}
