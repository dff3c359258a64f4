import { lazy, Suspense } from "react";
import { isProblem } from "#shared/api/problem.ts";
import type { EventDetail } from "#shared/api/types.ts";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { ErrorNotice, Notice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { EventHead } from "./event-head.tsx";
import styles from "./event-page.module.css";
import { TicketPicker } from "./ticket-picker.tsx";
import { TurnBar } from "./turn-bar.tsx";
import { useLiveEvent } from "./use-live-event.ts";
import { useTurn } from "./use-turn.ts";

const SeatPicker = lazy(async () => ({ default: (await import("./seats/seat-picker.tsx")).SeatPicker }));

/** One event: what, when and where, and its tickets or its seats, live. */
export function EventPage({ id }: { readonly id: number }) {
  const { data: event, error, refetch } = useLiveEvent(id);
  if (event) {
    return <Event event={event} />;
  }
  if (isProblem(error, "not-found")) {
    return (
      <EmptyPage title="This event is not on" text="It may be over, or the link may be old.">
        <ButtonLink href="/" look="primary">
          See what is on
        </ButtonLink>
      </EmptyPage>
    );
  }
  return error ? (
    <ErrorNotice
      error={error}
      actions={
        <Button look="primary" onClick={() => void refetch()}>
          Try again
        </Button>
      }
    />
  ) : (
    <Blank />
  );
}

function Event({ event }: { readonly event: EventDetail }) {
  const turn = useTurn(event);
  const yourTurn = turn.stage === "admitted";
  if (event.status === "cancelled") {
    return (
      <>
        <EventHead event={event} compact />
        <Notice title="This event is cancelled">
          Tickets that were bought are refunded in full, to the card they were paid with. There is nothing to
          do.
        </Notice>
      </>
    );
  }
  if (event.seated) {
    return (
      <>
        <TurnBar event={event} turn={turn} />
        <EventHead event={event} compact yourTurn={yourTurn} />
        <Suspense fallback={<Skeleton height="480px" />}>
          <SeatPicker event={event} turn={turn} />
        </Suspense>
      </>
    );
  }
  return (
    <>
      <TurnBar event={event} turn={turn} />
      <div className={styles.columns}>
        <EventHead event={event} yourTurn={yourTurn} />
        <TicketPicker event={event} turn={turn} />
      </div>
    </>
  );
}

function Blank() {
  return (
    <div className={styles.blank} aria-busy="true">
      <span className="visually-hidden">Loading the event</span>
      <Skeleton height="40px" width="70%" />
      <Skeleton height="24px" width="45%" />
      <Skeleton height="320px" />
    </div>
  );
}
