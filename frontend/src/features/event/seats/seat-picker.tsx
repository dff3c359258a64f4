import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { seatsQuery } from "#shared/api/events.ts";
import type { EventDetail, Seat } from "#shared/api/types.ts";
import { offerOf, saleState } from "#shared/sale.ts";
import { useServerNow } from "#shared/time/use-server-now.ts";
import { ActionBar } from "#shared/ui/action-bar.tsx";
import { announce } from "#shared/ui/announcer.tsx";
import { Button } from "#shared/ui/button.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { counted } from "#shared/words/counts.ts";
import { sum } from "#shared/words/money.ts";
import { LineAction, LineNotice } from "../line.tsx";
import { openingOf, SaleOpening } from "../sale-opening.tsx";
import { useHold } from "../use-hold.ts";
import type { Turn } from "../use-turn.ts";
import { BestAvailable } from "./best-available.tsx";
import { ChosenSeats } from "./chosen-seats.tsx";
import { SeatLegend } from "./seat-legend.tsx";
import { SeatMap } from "./seat-map.tsx";
import styles from "./seat-picker.module.css";
import { useSelection } from "./use-selection.ts";

const NO_SEATS: readonly Seat[] = [];

/** Seats by name on the hall's plan, or the best ones by one tap. */
export function SeatPicker({ event, turn }: { readonly event: EventDetail; readonly turn: Turn }) {
  const { data, error, refetch } = useQuery(seatsQuery(event.id));
  if (!data) {
    return error ? (
      <ErrorNotice error={error} actions={<Button onClick={() => void refetch()}>Try again</Button>} />
    ) : (
      <Skeleton height="480px" />
    );
  }
  return <Hall event={event} seats={data.seats} turn={turn} />;
}

interface HallProps {
  readonly event: EventDetail;
  readonly seats: readonly Seat[];
  readonly turn: Turn;
}

function Hall({ event, seats, turn }: HallProps) {
  const now = useServerNow();
  const offer = offerOf(event);
  const most = mostSeats(event);
  const open = turn.mayBuy && saleState(offer, now) === "open";
  const opens = openingOf([offer], now);
  const { chosen, lost, toggle, choose } = useSelection(event.id, open ? seats : NO_SEATS, most);
  const { hold, holding, error, forget } = useHold(event.id, turn.refused);
  useEffect(() => {
    if (lost.length > 0) {
      announce(`${lostWords(lost)} ${counted(chosen.length, "seat")} still chosen.`);
    }
  }, [lost, chosen.length]);

  function change(how: () => void) {
    forget();
    how();
  }
  return (
    <div className={styles.columns}>
      <section className={styles.plan} aria-label="Seats">
        <div className={styles.planHead}>
          <h2>Choose your seats</h2>
          <SeatLegend />
        </div>
        <SeatMap
          seats={seats}
          chosen={chosen}
          currency={event.currency}
          onToggle={(seat) => open && change(() => toggle(seat))}
        />
      </section>
      <aside className={styles.side} aria-label="Your choice">
        {opens !== null && <SaleOpening opens={opens} now={now} inTurn={turn.stage !== "free"} />}
        <LineNotice event={event} turn={turn} />
        {open && (
          <BestAvailable
            most={most}
            seats={seats}
            currency={event.currency}
            onChoose={(best) => change(() => choose(best))}
          />
        )}
        {lost.length > 0 && <Notice tone="soon" title={lostWords(lost)} />}
        <ChosenSeats
          seats={chosen}
          currency={event.currency}
          onRemove={(seat) => change(() => toggle(seat))}
        />
        <ErrorNotice error={error} />
        <LineAction event={event} turn={turn} />
        {open && (
          <ActionBar summary={summary(chosen, event.currency)}>
            <Button
              look="primary"
              busy={holding && "Holding…"}
              disabled={chosen.length === 0}
              onClick={() => hold([{ event_id: event.id, seat_ids: chosen.map((seat) => seat.id) }])}
            >
              {chosen.length > 0 ? `Hold ${counted(chosen.length, "seat")}` : "Hold seats"}
            </Button>
          </ActionBar>
        )}
      </aside>
    </div>
  );
}

/** What one order may have of a section; the API takes ten seats in a line at most. */
function mostSeats(event: EventDetail): number {
  return Math.min(10, ...event.ticket_types.map((type) => type.max_per_order));
}

function summary(chosen: readonly Seat[], currency: string): string {
  const total = chosen.reduce((amount, seat) => amount + seat.price, 0);
  return chosen.length > 0 ? sum(total, currency) : "No seat chosen";
}

/** "Row A seat 14 was just taken." */
function lostWords(lost: readonly Seat[]): string {
  const names = new Intl.ListFormat("en").format(lost.map((seat) => `Row ${seat.row} seat ${seat.number}`));
  return `${names} ${lost.length === 1 ? "was" : "were"} just taken.`;
}
