import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { BASKET_KEY, hold } from "#shared/api/basket.ts";
import { newKey } from "#shared/api/client.ts";
import { eventQuery, seatsQuery } from "#shared/api/events.ts";
import { isProblem } from "#shared/api/problem.ts";
import type { NewHold } from "#shared/api/types.ts";
import { forgetChoice } from "./use-kept-choice.ts";

interface Line {
  readonly request: NewHold;
  readonly key: string;
}

/**
 * Holds tickets, line after line, then goes to the basket; each line has its key, so a retry holds nothing twice.
 * When a line is refused those before it stay held: `partly` is then true, and `onPartly` is told of them.
 * `onWait` is called when customers have to wait for their turn.
 */
export function useHold(eventId: number, onWait: () => void, onPartly?: (held: readonly NewHold[]) => void) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const held = useRef<readonly NewHold[]>([]);
  const [partly, setPartly] = useState(false);
  const mutation = useMutation({
    mutationFn: async (lines: readonly Line[]) => {
      held.current = [];
      for (const { request, key } of lines) {
        await hold(request, key);
        held.current = [...held.current, request];
      }
    },
    onMutate: () => setPartly(false),
    onError: (error) => {
      setPartly(held.current.length > 0);
      onPartly?.(held.current);
      if (isProblem(error, "waiting-room")) {
        onWait();
      }
    },
    onSuccess: () => {
      forgetChoice(eventId);
      navigate("/basket");
    },
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
    partly,
    error: mutation.error,
    forget: mutation.reset,
  };
}
