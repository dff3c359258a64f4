import type { EventDetail, TicketType } from "#shared/api/types.ts";
import { type Offer, saleState } from "#shared/sale.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { ActionBar } from "#shared/ui/action-bar.tsx";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { ErrorNotice, Notice, titleOf } from "#shared/ui/notice.tsx";
import { SaleNote } from "#shared/ui/sale-note.tsx";
import { Stepper } from "#shared/ui/stepper.tsx";
import { counted } from "#shared/words/counts.ts";
import { money, sum } from "#shared/words/money.ts";
import { LineAction, LineNotice } from "./line.tsx";
import { openingOf, SaleOpening } from "./sale-opening.tsx";
import styles from "./ticket-picker.module.css";
import { useHold } from "./use-hold.ts";
import { useKeptChoice } from "./use-kept-choice.ts";
import type { Turn } from "./use-turn.ts";

/** How many of each type; one tap holds them all. */
export function TicketPicker({ event, turn }: { readonly event: EventDetail; readonly turn: Turn }) {
  const [kept, keep] = useKeptChoice<readonly [type: number, quantity: number]>(event.id);
  const chosen = new Map(kept);
  const now = useServerNow();
  const { hold, holding, partly, error, forget } = useHold(event.id, turn.refused, (held) =>
    // What is held already is not asked for again.
    keep([...new Map([...chosen, ...held.map((line) => [line.ticket_type_id ?? 0, 0] as const)])]),
  );
  // Where there is nothing to choose between, one ticket is the likeliest start.
  const usual = event.ticket_types.length === 1 ? 1 : 0;
  const quantityOf = (type: TicketType) => Math.min(chosen.get(type.id) ?? usual, most(type, now));
  const lines = event.ticket_types.filter((type) => quantityOf(type) > 0);
  const tickets = lines.reduce((count, type) => count + quantityOf(type), 0);
  const total = lines.reduce((amount, type) => amount + quantityOf(type) * type.price, 0);
  const opens = openingOf(event.ticket_types.map(typeOffer), now);

  function choose(type: TicketType, quantity: number) {
    forget();
    keep([...chosen.set(type.id, quantity)]);
  }
  function holdThem() {
    hold(lines.map((type) => ({ event_id: event.id, ticket_type_id: type.id, quantity: quantityOf(type) })));
  }

  return (
    <section className={styles.picker} aria-label="Tickets">
      <h2>Tickets</h2>
      {opens !== null && <SaleOpening opens={opens} now={now} inTurn={turn.stage !== "free"} />}
      {turn.stage !== "closed" && <SoldOutNotice event={event} now={now} />}
      <LineNotice event={event} turn={turn} />
      <ul className={styles.types}>
        {event.ticket_types.map((type) => (
          <TypeRow
            key={type.id}
            type={type}
            note={opens === null}
            mayBuy={turn.mayBuy}
            now={now}
            quantity={quantityOf(type)}
            onChange={(n) => choose(type, n)}
          />
        ))}
      </ul>
      <Refusal error={error} partly={partly} />
      <LineAction event={event} turn={turn} />
      {turn.mayBuy && event.ticket_types.some((type) => saleState(typeOffer(type), now) === "open") && (
        <ActionBar summary={tickets > 0 ? sum(total, event.currency) : "Choose how many"}>
          <Button look="primary" busy={holding && "Holding…"} disabled={tickets === 0} onClick={holdThem}>
            {tickets > 0 ? `Hold ${counted(tickets, "ticket")}` : "Hold tickets"}
          </Button>
        </ActionBar>
      )}
    </section>
  );
}

/** Why tickets could not be held; when others of the same click were, that too. */
function Refusal({ error, partly }: { readonly error: Error | null; readonly partly: boolean }) {
  if (!error || !partly) {
    return <ErrorNotice error={error} />;
  }
  return (
    <Notice
      tone="alarm"
      title="Only a part is held"
      actions={<ButtonLink href="/basket">See what is held</ButtonLink>}
    >
      {titleOf(error)}: the rest could not be held. What is held is in your basket; nothing was charged.
    </Notice>
  );
}

interface TypeRowProps {
  readonly type: TicketType;
  /** Whether to say how its sale stands; not where the page says it for all. */
  readonly note: boolean;
  readonly mayBuy: boolean;
  readonly now: number;
  readonly quantity: number;
  readonly onChange: (quantity: number) => void;
}

function TypeRow({ type, note, mayBuy, now, quantity, onChange }: TypeRowProps) {
  return (
    <li className={styles.type}>
      <div>
        <h3>{type.name}</h3>
        {type.description && <p className={styles.description}>{type.description}</p>}
        <p className={styles.price}>{money(type.price, type.currency)}</p>
        {note && (
          <p className={styles.note}>
            <SaleNote offer={typeOffer(type)} />
          </p>
        )}
      </div>
      {mayBuy && saleState(typeOffer(type), now) === "open" && (
        <Stepper label={type.name} value={quantity} max={most(type, now)} onChange={onChange} />
      )}
    </li>
  );
}

function SoldOutNotice({ event, now }: { readonly event: EventDetail; readonly now: number }) {
  const states = event.ticket_types.map((type) => saleState(typeOffer(type), now));
  return states.length > 0 && states.every((state) => state === "sold-out") ? (
    <Notice title="Sold out at the moment">
      Tickets that others hold but do not pay come back within minutes. This page shows them as soon as they
      do.
    </Notice>
  ) : null;
}

function typeOffer(type: TicketType): Offer {
  return { ...type, left: type.available };
}

function most(type: TicketType, now: number): number {
  return saleState(typeOffer(type), now) === "open" ? Math.min(type.max_per_order, type.available) : 0;
}
