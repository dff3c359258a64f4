import { useEffect } from "react";

/** Leaves the shop's own code for another page: the payment provider's. */
export function leaveFor(url: string): void {
  location.assign(url);
}

/** Calls `back` when the visitor comes back by the browser's button to the page as they left it. */
export function useWayBack(back: () => void): void {
  useEffect(() => {
    const shown = (event: PageTransitionEvent) => {
      if (event.persisted) {
        back();
      }
    };
    addEventListener("pageshow", shown);
    return () => removeEventListener("pageshow", shown);
  }, [back]);
}
