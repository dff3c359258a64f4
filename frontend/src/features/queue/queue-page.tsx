import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { eventQuery } from "#shared/api/events.ts";
import { isProblem } from "#shared/api/problem.ts";
import type { EventDetail, Place } from "#shared/api/types.ts";
import { eventPath } from "#shared/place/paths.ts";
import { usePlace } from "#shared/place/use-place.ts";
import { Button, ButtonLink } from "#shared/ui/button.tsx";
import { EmptyPage } from "#shared/ui/empty-page.tsx";
import { ErrorNotice } from "#shared/ui/notice.tsx";
import { Skeleton } from "#shared/ui/skeleton.tsx";
import { NoPlace } from "./no-place.tsx";
import { NothingLeft } from "./nothing-left.tsx";
import { Waiting } from "./waiting.tsx";

/** How often it is asked how many tickets are left: seldom, for many wait. */
const STOCK_MS = 120_000;

/** The waiting room of an event: where one stands, and on to the tickets when it is one's turn. */
export function QueuePage({ id }: { readonly id: number }) {
  const { data: event, error: noEvent, refetch } = useQuery({ ...eventQuery(id), refetchInterval: STOCK_MS });
  const { place, error, isLoading, askAgain } = usePlace(id);
  useWayIn(id, place);
  if (isProblem(noEvent, "not-found")) {
    return (
      <EmptyPage title="This event is not on" text="It may be over, or the link may be old.">
        <ButtonLink href="/" look="primary">
          See what is on
        </ButtonLink>
      </EmptyPage>
    );
  }
  const failed = event ? error : noEvent;
  if (!event || isLoading || (failed && !place)) {
    return failed ? (
      <ErrorNotice
        error={failed}
        actions={
          <Button look="primary" onClick={() => (event ? askAgain() : void refetch())}>
            Try again
          </Button>
        }
      />
    ) : (
      <Skeleton height="480px" />
    );
  }
  return <Room event={event} place={place ?? null} lost={error !== null} />;
}

interface RoomProps {
  readonly event: EventDetail;
  readonly place: Place | null;
  /** Whether the shop did not answer the last time. */
  readonly lost: boolean;
}

function Room({ event, place, lost }: RoomProps) {
  switch (place?.state) {
    case "gathering":
    case "waiting":
      return <Waiting event={event} place={place} lost={lost} />;
    case "closed":
      return <NothingLeft event={event} />;
    case "admitted":
    case "not_needed":
      return null; // on the way to the tickets
    default:
      return <NoPlace event={event} expired={place?.state === "expired"} />;
  }
}

/** To the tickets, once one may buy; going back from there leads to where one was before. */
function useWayIn(id: number, place: Place | null | undefined): void {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const mayBuy = place?.state === "admitted" || place?.state === "not_needed";
  useEffect(() => {
    if (mayBuy) {
      void queries.invalidateQueries({ queryKey: eventQuery(id).queryKey });
      navigate(eventPath(id), { replace: true });
    }
  }, [mayBuy, id, queries, navigate]);
}
