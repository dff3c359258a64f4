import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { BASKET_KEY, hold } from "#shared/api/basket.ts";
import { newKey } from "#shared/api/client.ts";
import { eventQuery, seatsQuery } from "#shared/api/events.ts";
import type { NewHold } from "#shared/api/types.ts";

interface Line {
  readonly request: NewHold;
  readonly key: string;
}

/** Holds tickets, line after line, then goes to the basket; each line has its key, so a retry holds nothing twice. */
export function useHold(eventId: number) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const mutation = useMutation({
    mutationFn: async (lines: readonly Line[]) => {
      for (const line of lines) {
        await hold(line.request, line.key);
      }
    },
    onSuccess: () => navigate("/basket"),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: BASKET_KEY }),
        queries.invalidateQueries({ queryKey: eventQuery(eventId).queryKey }),
        queries.invalidateQueries({ queryKey: seatsQuery(eventId).queryKey }),
      ]),
  });
  return {
    hold: (requests: readonly NewHold[]) =>
      mutation.mutate(requests.map((request) => ({ request, key: newKey() }))),
    holding: mutation.isPending,
    error: mutation.error,
    forget: mutation.reset,
  };
}
