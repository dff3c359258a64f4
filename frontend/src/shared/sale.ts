/** The part of an event or ticket type that decides whether it can be bought now. */
export interface OnSale {
  readonly available_tickets: number;
  readonly on_sale_at: string | null;
  readonly off_sale_at: string | null;
}

export type SaleState = "upcoming" | "open" | "sold-out" | "closed";

/** now: milliseconds by the server's clock, so that every page opens the sale at the same moment. */
export function saleState(offer: OnSale, now: number): SaleState {
  if (offer.on_sale_at !== null && now < Date.parse(offer.on_sale_at)) {
    return "upcoming";
  }
  if (offer.off_sale_at !== null && now >= Date.parse(offer.off_sale_at)) {
    return "closed";
  }
  return offer.available_tickets > 0 ? "open" : "sold-out";
}

/** Below this the page says how many are left. */
export const FEW = 20;
