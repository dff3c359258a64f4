import { useState } from "react";
import type { Seat } from "#shared/api/types.ts";
import { announce } from "#shared/ui/announcer.tsx";
import { counted } from "#shared/words/counts.ts";

/** The seats chosen so far; one that somebody else takes meanwhile leaves the choice, and the page says so. */
export function useSelection(seats: readonly Seat[], most: number) {
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
    } else if (seat.state === "free" && next.size < most) {
      setIds(next.add(seat.id));
    } else {
      announce(seat.state === "free" ? `At most ${counted(most, "seat")} at once.` : "This seat is taken.");
    }
    setLost([]);
  }
  function choose(these: readonly Seat[]) {
    setIds(new Set(these.map((seat) => seat.id)));
    setLost([]);
  }
  return { chosen: seats.filter((seat) => ids.has(seat.id)), lost, toggle, choose };
}
