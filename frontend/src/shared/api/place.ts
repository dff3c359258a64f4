import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { isProblem } from "./problem.ts";
import type { Place } from "./types.ts";

/** The visitor's place in an event's waiting room, found by its cookie; null when there is none. */
export function placeQuery(eventId: number) {
  return queryOptions({
    queryKey: ["place", eventId],
    queryFn: async ({ signal }): Promise<Place | null> => {
      try {
        return told(eventId, await call<Place>("GET", placePath(eventId), { signal }));
      } catch (error) {
        if (isProblem(error, "no-place")) {
          return told(eventId, null);
        }
        throw error;
      }
    },
    // The shop says when it wants to be asked again: nothing else may ask earlier.
    staleTime: ({ state }) => (state.data ? state.data.poll_after_seconds * 1000 : 0),
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** A place at the end of the line, or the one that this browser has already. */
export async function takePlace(eventId: number): Promise<Place> {
  const place = await call<Place>("POST", placePath(eventId), { body: {} });
  told(eventId, place);
  return place;
}

export async function leavePlace(eventId: number): Promise<void> {
  try {
    await call("DELETE", placePath(eventId));
  } catch (error) {
    // It has gone already: in another tab, or because its time was over.
    if (!isProblem(error, "no-place")) {
      throw error;
    }
  }
  told(eventId, null);
}

interface News {
  readonly eventId: number;
  readonly place: Place | null;
}

let tabs: BroadcastChannel | undefined;

/** All tabs of this browser have the same place: what one is told, the others need not ask. */
function otherTabs(): BroadcastChannel {
  tabs ??= new BroadcastChannel("place");
  return tabs;
}

export function hearOtherTabs(queries: QueryClient): () => void {
  const hear = ({ data: { eventId, place } }: MessageEvent<News>) =>
    queries.setQueryData(placeQuery(eventId).queryKey, place);
  const channel = otherTabs();
  channel.addEventListener("message", hear);
  return () => channel.removeEventListener("message", hear);
}

function told(eventId: number, place: Place | null): Place | null {
  note(eventId, place);
  otherTabs().postMessage({ eventId, place } satisfies News);
  return place;
}

function placePath(eventId: number): string {
  return `/api/events/${eventId}/place`;
}

const LIVE: ReadonlySet<Place["state"]> = new Set(["gathering", "waiting", "admitted", "closed"]);

/** Notes that this browser has a place, so that visitors without one never ask for it, and how far it was at first. */
function note(eventId: number, place: Place | null): void {
  if (place && LIVE.has(place.state)) {
    const furthest = Math.max(firstPosition(eventId), place.position ?? 0);
    localStorage.setItem(noteName(eventId), String(furthest));
  } else {
    localStorage.removeItem(noteName(eventId));
  }
}

export function mayHavePlace(eventId: number): boolean {
  return localStorage.getItem(noteName(eventId)) !== null;
}

/** The position that the place began at; 0 while there is no order. */
export function firstPosition(eventId: number): number {
  return Number(localStorage.getItem(noteName(eventId)) ?? 0);
}

function noteName(eventId: number): string {
  return `place-${eventId}`;
}
