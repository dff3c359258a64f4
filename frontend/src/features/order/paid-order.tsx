import type { Order } from "#shared/api/types.ts";
import { Button, ButtonAnchor } from "#shared/ui/button.tsx";
import { Heading } from "#shared/ui/heading.tsx";
import { Notice } from "#shared/ui/notice.tsx";
import { counted } from "#shared/words/counts.ts";
import { sum } from "#shared/words/money.ts";
import { CancelOrder } from "./cancel-order.tsx";
import { CopyLink } from "./copy-link.tsx";
import styles from "./order-page.module.css";
import { refundWords } from "./refunds.ts";
import { TicketCard, VoidTicketCard } from "./ticket-card.tsx";

/** The tickets themselves, to show, to print and to take along. */
export function PaidOrder({ order, token }: { readonly order: Order; readonly token: string }) {
  const inForce = order.tickets.filter((ticket) => ticket.state !== "void");
  const gone = order.tickets.filter((ticket) => ticket.state === "void");
  const worth = inForce.reduce((amount, ticket) => amount + ticket.price, 0);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <Heading title="Your tickets" />
        <p className={styles.lead}>
          {counted(inForce.length, "ticket")}, {sum(worth, order.currency)} paid. Order {order.order_number}.
        </p>
        <p className={styles.soft}>
          {order.email
            ? `A copy is on its way to ${order.email}. `
            : "Keep this page's link: it is the only way back to your tickets. "}
          At the door, show each code on your phone or on paper.
        </p>
        <div className={styles.actions}>
          {inForce[0] && (
            <ButtonAnchor href={inForce[0].pdf_url} look="primary" download>
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
      {order.refunds.length > 0 && <Notice title="Money back">{refundWords(order)}</Notice>}
      <ul className={styles.tickets} aria-label="Tickets">
        {inForce.map((ticket, index) => (
          <TicketCard
            key={ticket.code}
            ticket={ticket}
            currency={order.currency}
            place={`${index + 1} of ${inForce.length}`}
          />
        ))}
        {gone.map((ticket) => (
          <VoidTicketCard key={ticket.code} ticket={ticket} currency={order.currency} />
        ))}
      </ul>
      <CancelOrder order={order} token={token} />
    </div>
  );
}
