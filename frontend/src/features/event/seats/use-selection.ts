import { useState } from "react";
import type { Seat } from "#shared/api/types.ts";
import { announce } from "#shared/ui/announcer.tsx";
import { counted } from "#shared/words/counts.ts";

/** What the API holds in one line. */
export const MOST_SEATS = 10;

/** The seats chosen so far; one that somebody else takes meanwhile leaves the choice, and the page says so. */
export function useSelection(seats: readonly Seat[]) {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  const [lost, setLost] = useState<readonly Seat[]>([]);

  const gone = seats.filter((seat) => ids.has(seat.id) && seat.state !== "free");
  if (gone.length > 0) {
    setLost(gone);
    setIds(new Set([...ids].filter((id) => !gone.some((seat) => seat.id === id))));
  }

  function toggle(seat: Seat) {
    const next = new Set(ids);
    if (next.delete(seat.id)) {
      setIds(next);
    } else if (seat.state === "free" && next.size < MOST_SEATS) {
      setIds(next.add(seat.id));
    } else {
      announce(
        seat.state === "free" ? `At most ${counted(MOST_SEATS, "seat")} at once.` : "This seat is taken.",
      );
    }
    setLost([]);
  }
  function choose(these: readonly Seat[]) {
    setIds(new Set(these.map((seat) => seat.id)));
    setLost([]);
  }
  return { chosen: seats.filter((seat) => ids.has(seat.id)), lost, toggle, choose };
}
