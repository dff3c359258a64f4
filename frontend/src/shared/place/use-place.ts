import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { hearOtherTabs, mayHavePlace, placeQuery } from "#shared/api/place.ts";
import { nextAsk } from "./next-ask.ts";

/**
 * The visitor's place in an event's waiting room, asked after for as long as this is shown, in a hidden tab too.
 * undefined: not known yet, or this browser never took one; null: there is none.
 */
export function usePlace(eventId: number) {
  const queries = useQueryClient();
  const { data, error, refetch, isFetching, isLoading, dataUpdatedAt, errorUpdatedAt, errorUpdateCount } =
    useQuery({ ...placeQuery(eventId), enabled: mayHavePlace(eventId) });
  const past = useRef(0);
  useEffect(() => hearOtherTabs(queries), [queries]);
  useEffect(() => {
    if (error === null) {
      past.current = errorUpdateCount;
    }
    const wait = nextAsk(data, error, errorUpdateCount - past.current);
    if (wait === null || isFetching) {
      return;
    }
    const due = Math.max(dataUpdatedAt, errorUpdatedAt) + wait;
    const timer = setTimeout(() => void refetch(), Math.max(0, due - Date.now()));
    return () => clearTimeout(timer);
  }, [data, error, isFetching, dataUpdatedAt, errorUpdatedAt, errorUpdateCount, refetch]);
  return { place: data, error, isLoading, askAgain: () => void refetch() };
}
