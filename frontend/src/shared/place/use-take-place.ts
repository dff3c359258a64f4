import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { eventQuery } from "#shared/api/events.ts";
import { placeQuery, takePlace } from "#shared/api/place.ts";
import { queuePath } from "./paths.ts";

/** Takes a place in an event's waiting room and goes there. */
export function useTakePlace(eventId: number) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => takePlace(eventId),
    onSuccess: (place) => {
      queries.setQueryData(placeQuery(eventId).queryKey, place);
      void queries.invalidateQueries({ queryKey: eventQuery(eventId).queryKey });
      navigate(queuePath(eventId));
    },
  });
  return { take: () => mutate(), taking: isPending, error };
}
