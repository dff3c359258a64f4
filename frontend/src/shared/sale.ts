/** What decides whether an event or a ticket type can be bought now. */
export interface Offer {
  readonly left: number;
  readonly on_sale_at: string | null;
  readonly off_sale_at: string | null;
  readonly cancelled?: boolean;
}

export type SaleState = "upcoming" | "open" | "sold-out" | "closed" | "cancelled";

/** now: milliseconds by the server's clock, so that every page opens the sale at the same moment. */
export function saleState(offer: Offer, now: number): SaleState {
  if (offer.cancelled) {
    return "cancelled";
  }
  if (offer.on_sale_at === null || (offer.off_sale_at !== null && now >= Date.parse(offer.off_sale_at))) {
    return "closed";
  }
  if (now < Date.parse(offer.on_sale_at)) {
    return "upcoming";
  }
  return offer.left > 0 ? "open" : "sold-out";
}

interface OnSaleEvent extends Omit<Offer, "left" | "cancelled"> {
  readonly available_tickets: number;
  readonly status: "published" | "cancelled";
}

/** All of an event as one offer. */
export function offerOf(event: OnSaleEvent): Offer {
  return { ...event, left: event.available_tickets, cancelled: event.status === "cancelled" };
}

/** From here on the page says with emphasis how many are left. */
export const FEW = 20;
