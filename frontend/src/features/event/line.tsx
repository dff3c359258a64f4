import type { EventDetail, Place } from "#shared/api/types.ts";
import { queuePath } from "#shared/place/paths.ts";
import { offerOf, saleState } from "#shared/sale.ts";
import { serverNow } from "#shared/time/clock.ts";
import { ActionBar } from "#shared/ui/action-bar.tsx";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { whole } from "#shared/words/counts.ts";
import { SOLD_OUT_ROOM } from "#shared/words/waiting.ts";
import type { Turn } from "./use-turn.ts";

interface LineProps {
  readonly event: EventDetail;
  readonly turn: Turn;
}

/** Why the tickets cannot be held now: there is a line before them, or nothing behind it. */
export function LineNotice({ event, turn }: LineProps) {
  switch (turn.stage) {
    case "closed":
      return <NothingLeft event={event} />;
    case "away":
      return (
        <Notice title="Tickets are sold in turn">
          {saleState(offerOf(event), serverNow()) === "upcoming"
            ? "Take a place before the sale opens: the order is then drawn by lot among all who have one. Coming early gains nothing."
            : "Many want these tickets, so customers are let in one after another. Take a place, and you see how long it takes."}
        </Notice>
      );
    case "in-line":
      return (
        <Notice title="You have a place in line">
          It is kept while you look around here. When it is your turn, this page opens the sale for you.
        </Notice>
      );
    default:
      return null;
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

/** The way into the line or to one's place in it, where tickets would be held. */
export function LineAction({ event, turn }: LineProps) {
  switch (turn.stage) {
    case "away":
    case "expired":
      return <WayIn turn={turn} again={turn.stage === "expired"} />;
    case "in-line":
      return (
        <ActionBar summary={numberOf(turn.place)}>
          <ButtonLink href={queuePath(event.id)} look="primary">
            Go to your place
          </ButtonLink>
        </ActionBar>
      );
    default:
      return null;
  }
}

function WayIn({ turn, again }: { readonly turn: Turn; readonly again: boolean }) {
  return (
    <>
      <ErrorNotice error={turn.error} />
      <ActionBar summary={again ? "No place now" : "No place yet"}>
        <Button look="primary" busy={turn.taking && "One moment…"} onClick={turn.take}>
          {again ? "Take a new place" : "Take a place"}
        </Button>
      </ActionBar>
    </>
  );
}

function numberOf(place: Place | null): string {
  return place?.position ? `Number ${whole(place.position)}` : "Place taken";
}
