import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { basketQuery, mayHaveBasket } from "#shared/api/basket.ts";
import type { EventDetail, Place } from "#shared/api/types.ts";
import { queuePath } from "#shared/place/paths.ts";
import { offerOf, saleState } from "#shared/sale.ts";
import { serverNow } from "#shared/time/clock.ts";
import { ActionBar } from "#shared/ui/action-bar.tsx";
import { announce } from "#shared/ui/announcer.tsx";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { Countdown } from "#shared/ui/countdown.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { counted } from "#shared/words/counts.ts";
import { inWords } from "#shared/words/time-left.ts";
import { PLACE_OVER, SOLD_OUT_ROOM } from "#shared/words/waiting.ts";
import type { Turn } from "./use-turn.ts";

/** What stands between the visitor and the tickets: nothing, a line, or the end of them. */
export function Line({ event, turn }: { readonly event: EventDetail; readonly turn: Turn }) {
  switch (turn.stage) {
    case "free":
      return null;
    case "closed":
      return <NothingLeft event={event} />;
    case "admitted":
      return <YourTurn event={event} until={turn.place?.admission_expires_at ?? ""} />;
    case "in-line":
      return <InLine event={event} place={turn.place} />;
    default:
      return <WayIn event={event} turn={turn} />;
  }
}

/** Where the sale has ended, the page says so already. */
function NothingLeft({ event }: { readonly event: EventDetail }) {
  return saleState(offerOf(event), serverNow()) === "closed" ? null : (
    <Notice title="Sold out" actions={<ButtonLink href="/">See what else is on</ButtonLink>}>
      {SOLD_OUT_ROOM}
    </Notice>
  );
}

function WayIn({ event, turn }: { readonly event: EventDetail; readonly turn: Turn }) {
  const expired = turn.stage === "expired";
  useEffect(() => {
    if (expired) {
      announce(`${PLACE_OVER.title}. ${PLACE_OVER.text}`);
    }
  }, [expired]);
  return (
    <>
      {expired ? (
        <Notice tone="soon" title={PLACE_OVER.title}>
          {PLACE_OVER.text}
        </Notice>
      ) : (
        <Notice title="Tickets are sold in turn">
          {event.waiting_room === "gathering"
            ? "Take a place before the sale opens: the order is then drawn by lot among all who have one. Coming early gains nothing."
            : "Many want these tickets, so customers are let in one after another. Take a place, and you see how long it takes."}
        </Notice>
      )}
      <ErrorNotice error={turn.error} />
      <ActionBar summary={expired ? "The line is open" : "No place yet"}>
        <Button look="primary" busy={turn.taking && "One moment…"} onClick={turn.take}>
          {expired ? "Take a new place" : "Take a place"}
        </Button>
      </ActionBar>
    </>
  );
}

function InLine({ event, place }: { readonly event: EventDetail; readonly place: Place | null }) {
  const number = place?.position ?? null;
  return (
    <>
      <Notice title="You have a place in line">
        It is kept while you look around here. When it is your turn, this page opens the sale for you.
      </Notice>
      <ActionBar summary={number === null ? "Place taken" : `Number ${counted(number, "", "").trim()}`}>
        <ButtonLink href={queuePath(event.id)} look="primary">
          Go to your place
        </ButtonLink>
      </ActionBar>
    </>
  );
}

function YourTurn({ event, until }: { readonly event: EventDetail; readonly until: string }) {
  useEffect(() => {
    announce(`It is your turn. You have ${inWords(Date.parse(until) - serverNow())} to choose.`);
  }, [until]);
  return (
    <>
      <Countdown expiresAt={until} purpose="to choose your tickets" soonAt={2}>
        <strong>Your turn</strong> to choose
      </Countdown>
      <OtherBasket event={event} />
    </>
  );
}

/** Tickets that one has waited for come in a basket of their own, and a browser shows one basket at a time. */
function OtherBasket({ event }: { readonly event: EventDetail }) {
  const { data: basket } = useQuery({ ...basketQuery, enabled: mayHaveBasket() });
  const others = basket?.items.filter((item) => item.event_id !== event.id) ?? [];
  const tickets = others.reduce((count, item) => count + item.quantity, 0);
  return tickets > 0 ? (
    <Notice
      tone="soon"
      title={`You hold ${counted(tickets, "ticket")} for something else`}
      actions={<ButtonLink href="/checkout">Pay for them</ButtonLink>}
    >
      Tickets for this event come in a basket of their own. If you hold some now, it takes the place of the
      other, which you can then not reach any more; nothing is charged for it.
    </Notice>
  ) : null;
}
