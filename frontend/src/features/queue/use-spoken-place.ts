import { useEffect, useRef } from "react";
import type { Place } from "#shared/api/types.ts";
import { announce } from "#shared/ui/announcer.tsx";
import { spokenWords } from "./words.ts";

const PAUSE_MS = 60_000;

/** Tells screen readers of a new state at once and of a new position once a minute: not of every answer. */
export function useSpokenPlace(place: Place): void {
  const last = useRef({ state: "", words: "", at: 0 });
  useEffect(() => {
    const { state, words, at } = last.current;
    const now = spokenWords(place);
    if (place.state !== state || (now !== words && Date.now() - at >= PAUSE_MS)) {
      announce(now);
      last.current = { state: place.state, words: now, at: Date.now() };
    }
  }, [place]);
}
