import type { Order } from "#shared/api/types.ts";
import { Button, ButtonAnchor } from "#shared/ui/button.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { counted } from "#shared/words/counts.ts";
import { sum } from "#shared/words/money.ts";
import { CancelOrder } from "./cancel-order.tsx";
import { CopyLink } from "./copy-link.tsx";
import styles from "./order-page.module.css";
import { TicketCard } from "./ticket-card.tsx";

/** The tickets themselves, to show, to print and to take along. */
export function PaidOrder({ order, token }: { readonly order: Order; readonly token: string }) {
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <Heading title="Your tickets" />
        <p className={styles.lead}>
          {counted(order.tickets.length, "ticket")}, {sum(order.total, order.currency)} paid. Order{" "}
          {order.order_number}.
        </p>
        <p className={styles.soft}>
          {order.email
            ? `A copy is on its way to ${order.email}. `
            : "Keep this page's link: it is the only way back to your tickets. "}
          At the door, show each code on your phone or on paper.
        </p>
        <div className={styles.actions}>
          {order.tickets[0] && (
            <ButtonAnchor href={order.tickets[0].pdf_url} look="primary" download>
              Download as PDF
            </ButtonAnchor>
          )}
          <ButtonAnchor href={order.calendar_url} download>
            Add to calendar
          </ButtonAnchor>
          <Button onClick={() => window.print()}>Print</Button>
          <CopyLink />
        </div>
      </div>
      <ul className={styles.tickets} aria-label="Tickets">
        {order.tickets.map((ticket, index) => (
          <TicketCard
            key={ticket.code}
            ticket={ticket}
            currency={order.currency}
            place={`${index + 1} of ${order.tickets.length}`}
          />
        ))}
      </ul>
      <CancelOrder order={order} token={token} />
    </div>
  );
}
