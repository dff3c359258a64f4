import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { eventQuery, seatsQuery } from "#shared/api/events.ts";
import type { EventDetail } from "#shared/api/types.ts";
import { offerOf, saleState } from "#shared/sale.ts";
import { serverNow } from "#shared/time/clock.ts";

const POLL_MS = 10_000;
/** What the stream does not tell: that a waiting room opens or closes. */
const SLOW_POLL_MS = 60_000;

/** What the stream says when stock has changed: the newest state, never a difference. */
interface Availability {
  readonly available_tickets: number;
  readonly ticket_types: readonly { readonly id: number; readonly available: number }[];
  readonly seats_version?: number | null;
}

/** An event whose availability follows the server's stream, or a poll every ten seconds where streams do not work. */
export function useLiveEvent(id: number) {
  const streaming = useAvailabilityStream(id);
  return useQuery({
    ...eventQuery(id),
    refetchInterval: ({ state: { data } }) => {
      if (!streaming) {
        return POLL_MS;
      }
      return data && mayHaveRoom(data) ? SLOW_POLL_MS : false;
    },
  });
}

function mayHaveRoom(event: EventDetail): boolean {
  return event.waiting_room !== "none" || saleState(offerOf(event), serverNow()) === "upcoming";
}

/** Listens while the page is visible; true while the stream is open. */
function useAvailabilityStream(id: number): boolean {
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let source: EventSource | null = null;
    const listen = () => {
      source?.close();
      source = null;
      setOpen(false);
      // A hidden tab would keep one of the browser's few connections to the shop for nobody.
      if (document.visibilityState === "visible" && "EventSource" in window) {
        source = new EventSource(`/api/events/${id}/stream`);
        source.onopen = () => {
          setOpen(true);
          void refresh(queries, id);
        };
        source.onmessage = (message: MessageEvent<string>) => apply(queries, id, JSON.parse(message.data));
        source.onerror = () => setOpen(false);
      }
    };
    listen();
    document.addEventListener("visibilitychange", listen);
    return () => {
      document.removeEventListener("visibilitychange", listen);
      source?.close();
    };
  }, [id, queries]);
  return open;
}

/** What was missed before the stream opened, or between two of them. */
async function refresh(queries: QueryClient, id: number): Promise<void> {
  await queries.invalidateQueries({ queryKey: eventQuery(id).queryKey });
  await queries.invalidateQueries({ queryKey: seatsQuery(id).queryKey });
}

function apply(queries: QueryClient, id: number, news: Availability): void {
  queries.setQueryData(eventQuery(id).queryKey, (event) => event && merged(event, news));
  const seats = queries.getQueryData(seatsQuery(id).queryKey);
  if (seats && seats.version !== news.seats_version) {
    void queries.invalidateQueries({ queryKey: seatsQuery(id).queryKey });
  }
}

function merged(event: EventDetail, news: Availability): EventDetail {
  const left = new Map(news.ticket_types.map((type) => [type.id, type.available]));
  return {
    ...event,
    available_tickets: news.available_tickets,
    ticket_types: event.ticket_types.map((type) => ({
      ...type,
      available: left.get(type.id) ?? type.available,
    })),
  };
}
