import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { basketQuery, mayHaveBasket } from "#shared/api/basket.ts";
import type { EventDetail } from "#shared/api/types.ts";
import { serverNow } from "#shared/time/clock.ts";
import { announce } from "#shared/ui/announcer.tsx";
import { ButtonLink } from "#shared/ui/button.tsx";
import { Countdown } from "#shared/ui/countdown.tsx";
import { Notice } from "#shared/ui/notice.tsx";
import { counted } from "#shared/words/counts.ts";
import { inWords } from "#shared/words/time-left.ts";
import { PLACE_OVER } from "#shared/words/waiting.ts";
import styles from "./turn-bar.module.css";
import type { Turn } from "./use-turn.ts";

/** Above the event, for those who have waited for it: how long they have to choose, or that this is over. */
export function TurnBar({ event, turn }: { readonly event: EventDetail; readonly turn: Turn }) {
  switch (turn.stage) {
    case "admitted":
      return <YourTurn event={event} until={turn.place?.admission_expires_at ?? ""} />;
    case "expired":
      return <TurnOver />;
    default:
      return null;
  }
}

function YourTurn({ event, until }: { readonly event: EventDetail; readonly until: string }) {
  useEffect(() => {
    announce(`It is your turn. You have ${inWords(Date.parse(until) - serverNow())} to choose.`);
  }, [until]);
  return (
    <>
      <div className={styles.clock}>
        <Countdown expiresAt={until} purpose="to choose your tickets" soonAt={2}>
          <strong>Your turn</strong> to choose
        </Countdown>
      </div>
      <OtherBasket event={event} />
    </>
  );
}

function TurnOver() {
  useEffect(() => announce(`${PLACE_OVER.title}. ${PLACE_OVER.text}`), []);
  return (
    <div className={styles.note}>
      <Notice tone="soon" title={PLACE_OVER.title}>
        {PLACE_OVER.text}
      </Notice>
    </div>
  );
}

/** Tickets that one has waited for come in a basket of their own, and a browser shows one basket at a time. */
function OtherBasket({ event }: { readonly event: EventDetail }) {
  const { data: basket } = useQuery({ ...basketQuery, enabled: mayHaveBasket() });
  const others = basket?.items.filter((item) => item.event_id !== event.id) ?? [];
  const tickets = others.reduce((count, item) => count + item.quantity, 0);
  return tickets > 0 ? (
    <div className={styles.note}>
      <Notice
        tone="soon"
        title={`You hold ${counted(tickets, "ticket")} for something else`}
        actions={<ButtonLink href="/checkout">Pay for them first</ButtonLink>}
      >
        Tickets for this event come in a basket of their own. Once you hold some, you cannot go back to the
        other basket: its tickets are released when their time is over, and nothing is charged for them.
      </Notice>
    </div>
  ) : null;
}
