import { useState } from "react";
import type { Seat } from "#shared/api/types.ts";
import { announce } from "#shared/ui/announcer.tsx";
import { counted } from "#shared/words/counts.ts";
import { useKeptChoice } from "../use-kept-choice.ts";

/** The seats chosen so far; one that somebody else takes meanwhile leaves the choice, and the page says so. */
export function useSelection(eventId: number, seats: readonly Seat[], most: number) {
  const [kept, keep] = useKeptChoice<number>(eventId);
  const ids = new Set(kept);
  const [lost, setLost] = useState<readonly Seat[]>([]);

  const gone = seats.filter((seat) => ids.has(seat.id) && seat.state !== "free");
  if (gone.length > 0) {
    setLost(gone);
    keep(kept.filter((id) => !gone.some((seat) => seat.id === id)));
  }

  function toggle(seat: Seat) {
    if (ids.has(seat.id)) {
      keep(kept.filter((id) => id !== seat.id));
    } else if (seat.state === "free" && ids.size < most) {
      keep([...kept, seat.id]);
    } else {
      announce(seat.state === "free" ? `At most ${counted(most, "seat")} at once.` : "This seat is taken.");
    }
    setLost([]);
  }
  function choose(these: readonly Seat[]) {
    keep(these.map((seat) => seat.id));
    setLost([]);
  }
  return { chosen: seats.filter((seat) => ids.has(seat.id)), lost, toggle, choose };
}
