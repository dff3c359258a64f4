import { useEffect, useState } from "react";

/** A choice of tickets that outlives the way to the waiting room and back, in this tab; it holds nothing. */
export function useKeptChoice<Each>(eventId: number) {
  const [choice, choose] = useState<readonly Each[]>(
    () => JSON.parse(sessionStorage.getItem(noteName(eventId)) ?? "[]") as readonly Each[],
  );
  useEffect(() => {
    if (choice.length > 0) {
      sessionStorage.setItem(noteName(eventId), JSON.stringify(choice));
    } else {
      forgetChoice(eventId);
    }
  }, [eventId, choice]);
  return [choice, choose] as const;
}

/** What was chosen is held by now. */
export function forgetChoice(eventId: number): void {
  sessionStorage.removeItem(noteName(eventId));
}

function noteName(eventId: number): string {
  return `choice-${eventId}`;
}
