import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import type { EventDetail, EventPage, SeatList } from "./types.ts";

export const PER_PAGE = 24;

/** What the visitor searches for; empty strings ask for everything. */
export interface EventFilter {
  readonly q: string;
  readonly city: string;
  readonly from: string;
  readonly to: string;
  readonly page: number;
}

export function eventsQuery(filter: EventFilter) {
  return queryOptions({
    queryKey: ["events", filter],
    queryFn: ({ signal }) => call<EventPage>("GET", `/api/events?${searchOf(filter)}`, { signal }),
    placeholderData: keepPreviousData,
  });
}

export function eventQuery(id: number) {
  return queryOptions({
    queryKey: ["event", id],
    queryFn: ({ signal }) => call<EventDetail>("GET", `/api/events/${id}`, { signal }),
  });
}

export function seatsQuery(eventId: number) {
  return queryOptions({
    queryKey: ["seats", eventId],
    queryFn: ({ signal }) => call<SeatList>("GET", `/api/events/${eventId}/seats`, { signal }),
  });
}

export function posterUrl(eventId: number): string {
  return `/api/events/${eventId}/poster.svg`;
}

function searchOf(filter: EventFilter): URLSearchParams {
  const search = new URLSearchParams({ per_page: String(PER_PAGE) });
  for (const [name, value] of Object.entries(filter)) {
    if (value !== "" && !(name === "page" && value === 1)) {
      search.set(name, String(value));
    }
  }
  return search;
}
